#!/usr/bin/env bash
# Compiles the plain Kotlin of the app, and its tests, for this machine's JVM, and runs them.
#
#   android_demo/tools/jvm.sh build          # build/android/{core,core-test,engines}
#   android_demo/tools/jvm.sh test [CLASS]   # and JUnit, all tests or those of one class
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
fetch kotlin executorch

junit=/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar:$tools/kotlin/lib/kotlin-test.jar:$tools/kotlin/lib/kotlin-test-junit.jar

compile_core
compile_engines
friends=$out/core compile_kotlin "$out/core-test" "$out/core:$json:$junit" android_demo/core/src/test
[ "${1:-}" = test ] || exit 0

classes=("${@:2}")
if [ ${#classes[@]} -eq 0 ]; then
  mapfile -t classes < <(cd "$out/core-test" && find . -name '*Test.class' | sed 's|^\./||; s|/|.|g; s|\.class$||' | sort)
fi
bundle=$out/demo-bundle
android_demo/tools/demo_bundle.sh "$bundle" sliced,executorch,litert
"$python" android_demo/tools/golden_vectors.py "$bundle" "$out/golden"
android_demo/native/build.sh "$out/native/host/libdsnet.so" host
java -Xcheck:jni -Djava.awt.headless=true -Djava.library.path="$out/native/host" -Ddsnet.bundle="$bundle" -Ddsnet.golden="$out/golden" \
  -Ddsnet.photos="$PWD/dsnet_edge/demo/photos" -cp "$out/core:$out/core-test:android_demo/core/src/test/resources:$stdlib:$json:$junit" \
  org.junit.runner.JUnitCore "${classes[@]}"
