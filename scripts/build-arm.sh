#!/usr/bin/env bash
# Builds build/arm/dsnet-bench, a static aarch64 program, with clang or else with ziglang from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain=aarch64-clang
if ! command -v clang++-19 >/dev/null || [ ! -d /usr/aarch64-linux-gnu ]; then toolchain=aarch64-zig; fi
mkdir -p build
cmake -S . -B build/arm -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/native/cmake/$toolchain.cmake" >build/arm.log 2>&1 ||
  { cat build/arm.log; exit 1; }
cmake --build build/arm --target dsnet-bench
ls -l build/arm/dsnet-bench
