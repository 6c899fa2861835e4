#!/usr/bin/env bash
# Builds and runs the C++ tests: scripts/native-tests.sh host|sanitize|tsan|arm
# Then lets dsnet-check compare whole networks with the NumPy oracle and tests dsnet-bench, on this CPU or on emulated ARM
# cores; on ARM it also compares instruction counts with the committed ones.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
kind=${1:?usage: $0 host|sanitize|tsan|arm}
build=build/native-$kind
options=(-DDSNET_TESTS=ON)
emulators=("")
targets=(all)
tests=()
case "$kind" in
  host) ;;
  sanitize) options+=(-DDSNET_SANITIZE=address,undefined,float-cast-overflow) ;;
  tsan)
    options+=(-DDSNET_SANITIZE=thread)
    targets=(test_pool test_determinism)
    tests=(--tests-regex '^(pool|determinism)$')
    ;;
  arm)
    options+=(-DCMAKE_TOOLCHAIN_FILE="$PWD/native/cmake/aarch64-clang.cmake")
    emulators=("qemu-aarch64 -cpu cortex-a72" "qemu-aarch64 -cpu cortex-a76" "qemu-aarch64 -cpu max")
    ;;
  *) echo "usage: $0 host|sanitize|tsan|arm" >&2; exit 2 ;;
esac
mkdir -p build
cmake -S . -B "$build" -G Ninja "${options[@]}" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" -j "$(nproc)" --target "${targets[@]}"
ctest --test-dir "$build" "${tests[@]}" --output-on-failure -j "$(nproc)"
if [ "$kind" = tsan ]; then exit; fi  # the rest is too slow there, and has no threads of its own

# Of the commands in the background; fails if one did.
wait_for_all() {
  local job
  for job in $(jobs -p); do wait "$job"; done
}

# The tolerances of the others allow for steps of a feature map where a float sum rounds otherwise: untrained networks amplify them,
# deep ones more.
declare -A tolerances=(
  [dsmbnet14-32]="fp32:1e-4 int8:2e-2 bf16:6e-2 fp16:3e-2"
  [dsmbnet18-32]="fp32:1e-4 int8:2e-2 bf16:6e-2 fp16:3e-2"
  [dseffnet-b0-32]="fp32:1e-4 int8:2e-1" # it takes minutes on an emulated processor
  [dsresnet50-32]="fp32:1e-4 int8:2e-1"
)
for preset in "${!tolerances[@]}"; do
  for precision in ${tolerances[$preset]}; do
    model="$build/golden/$preset-${precision%:*}"
    $python tests/native/write_golden.py $preset "$build/golden" "${precision%:*}"
    echo "dsnet-check $model"
    for emulator in "${emulators[@]}"; do
      $emulator "$build/tests/native/dsnet-check" "$model.dsnet" "$model.golden" "${precision#*:}" &
    done
    wait_for_all
  done
done
echo "dsnet-bench"
for emulator in "${emulators[@]}"; do DSNET_BENCH="$emulator $build/dsnet-bench" $python -m pytest tests/native/check_bench.py & done
wait_for_all
if [ "$kind" = arm ]; then $python benchmarks/arm_instructions.py --check; fi
