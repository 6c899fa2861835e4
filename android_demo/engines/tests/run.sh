#!/usr/bin/env bash
# Runs the engines of the other two runtimes on this machine: android_demo/engines/tests/run.sh [CLASS...]
#
# The runtimes' Java classes are stood in for by ones that call the ExecuTorch and the LiteRT of Python's packages. So what is
# tested is the engines on real bundles and real runtimes, all but the JNI layers of the two Android libraries.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/../../tools/env.sh"
fetch kotlin executorch

engines=android_demo/engines
junit=/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar:$tools/kotlin/lib/kotlin-test.jar:$tools/kotlin/lib/kotlin-test-junit.jar
java_home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")

compile_core
compile_engines # against the classes of an ExecuTorch for Android
compile_java "$out/engines-runtimes" $engines/tests/java $engines/litert/stubs
compile_kotlin "$out/engines-test" "$out/core:$out/engines-runtimes:$json:$junit" \
  $engines/executorch/src $engines/litert/src $engines/tests/kotlin

wheel=$("$python" -c 'import executorch.version as v; print(v.__file__.rpartition("/")[0])')
source=$engines/tests/cpp/executorch_jni.cpp
library=$out/libexecutorch_here.so
if [ "$source" -nt "$library" ]; then
  g++ -std=c++17 -O1 -fPIC -shared -Wall -Wextra -Werror -o "$library.new" "$source" \
    -DC10_USING_CUSTOM_GENERATED_MACROS -DET_USE_THREADPOOL -DET_EVENT_TRACER_ENABLED \
    -isystem "$wheel/include" -isystem "$wheel/include/executorch/runtime/core/portable_type/c10" \
    -isystem "$java_home/include" -isystem "$java_home/include/linux" -Wl,-rpath,"$wheel/lib" \
    -Wl,--no-as-needed "$wheel/lib/libexecutorch_backend_xnnpack.so" "$wheel/lib/libexecutorch_threadpool.so" "$wheel/lib/libexecutorch.so"
  mv "$library.new" "$library"
fi

# convert NAME OPTION...: the demo's checkpoint, where it is not there yet.
bundles=$out/engines-bundles
convert() {
  local bundle=$bundles/$1
  if [ ! -f "$bundle/manifest.json" ]; then
    "$python" -m dsnet_edge convert dsnet_edge/demo/dsmbnet14-32.safetensors -o "$bundle" --to sliced,executorch,litert "${@:2}"
  fi
}
mkdir -p "$bundles"
android_demo/tools/demo_bundle.sh "$out/demo-bundle" sliced,executorch,litert
ln -sfn ../demo-bundle "$bundles/demo"
convert other --paths 0,5,13 --split --merge
convert int8 --paths 0,13 --precision int8 --calibrate dsnet_edge/demo/photos
convert fp16 --paths 0,13 --precision fp16
"$python" $engines/tests/python/python_said.py "$bundles/demo" "$out/engines-python-said"

# run CLASSPATH CLASS...: a warning of -Xcheck:jni fails as a test does.
run() {
  local log=$out/engines-test.log
  java -Xcheck:jni -Ddsnet.bundles="$bundles" -Ddsnet.python.said="$out/engines-python-said" -Ddsnet.executorch="$library" \
    -Ddsnet.python="$python" -Ddsnet.litert="$engines/tests/python/interpreter_server.py" \
    -cp "$out/core:$out/engines-test:$1:$stdlib:$json:$junit" org.junit.runner.JUnitCore "${@:2}" 2>&1 | tee "$log"
  if grep -q 'in native method' "$log"; then
    echo 'error: -Xcheck:jni warned, see above' >&2
    exit 1
  fi
}
if [ $# -gt 0 ]; then
  run "$out/engines-runtimes" "$@"
else
  run "$out/engines-runtimes" dev.dsnet.engine.executorch.ExecutorchEngineTest dev.dsnet.engine.litert.LitertEngineTest \
    dev.dsnet.engine.litert.LitertTensorTest
  run "" dev.dsnet.engine.NotInThisBuildTest
fi
