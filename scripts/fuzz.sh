#!/usr/bin/env bash
# Fuzzes the reader of model.dsnet: scripts/fuzz.sh [RUNS] [SEED]
# Starts from freshly written seeds and what earlier runs found (build/fuzz/found). A failing file is left in build/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-20000} seed=${2:-1}
python=${PYTHON:-.venv/bin/python}
mkdir -p build/fuzz/seeds build/fuzz/found
cmake -S . -B build/native-fuzz -G Ninja -DDSNET_TESTS=ON -DDSNET_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++-19 \
  -DDSNET_SANITIZE=address,undefined,float-cast-overflow >build/native-fuzz.log 2>&1 || { cat build/native-fuzz.log; exit 1; }
cmake --build build/native-fuzz -j "$(nproc)" --target fuzz_model write_corpus
build/native-fuzz/tests/native/write_corpus build/fuzz/seeds
$python tests/native/write_corpus.py build/fuzz/seeds
build/native-fuzz/tests/native/fuzz_model -runs="$runs" -seed="$seed" -max_len=65536 -timeout=10 -rss_limit_mb=3072 \
  -artifact_prefix=build/fuzz/ -print_final_stats=1 -verbosity=0 build/fuzz/found build/fuzz/seeds
