#!/usr/bin/env bash
# clang-format and clang-tidy over the C++ sources.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files 'native/*.cpp' 'native/*.h' 'tests/native/*.cpp' 'tests/native/*.h' 'android_demo/*.cpp' \
  'android_demo/*.h' 'android_demo/*.c')
clang-format-19 --dry-run --Werror "${sources[@]}"
mkdir -p build
cmake -S . -B build/native-tidy -G Ninja -DDSNET_TESTS=ON -DCMAKE_CXX_COMPILER=clang++-19 >build/native-tidy.log
printf '%s\n' "${sources[@]}" | grep '\.cpp$' | grep -v -e neon -e native/python -e native/executorch -e android_demo |
  xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p build/native-tidy --warnings-as-errors='*' \
    2> >(grep -v 'warnings generated' >&2)
