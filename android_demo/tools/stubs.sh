#!/usr/bin/env bash
# Generates and compiles the stubs of Android's framework (android_demo/stubs/generate.py): build/android/stubs.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
stubs=android_demo/stubs
"$python" $stubs/members.py android_demo/app/src
if is_current "$out/stubs" "" $stubs; then exit 0; fi
fetch types
if ! cmp -s $stubs/requirements.txt "$tools/pyi/.version"; then
  rm -rf "$tools/pyi"
  "$python" -m pip download -q --no-deps --require-hashes -r $stubs/requirements.txt -d "$tools/pyi"
  unzip -q "$tools"/pyi/*.whl -d "$tools/pyi"
  cp $stubs/requirements.txt "$tools/pyi/.version"
fi
rm -rf "$out/stubs" "$out/stubs-src"
"$python" $stubs/generate.py "$tools/pyi" "$tools/types/lib/android/android-platform-37.d.ts" "$out/stubs-src"
find "$out/stubs-src" -name '*.java' -print0 | xargs -0 javac --release 8 -Xlint:-options -d "$out/stubs.new"
mv "$out/stubs.new" "$out/stubs"
