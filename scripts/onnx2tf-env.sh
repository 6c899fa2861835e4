#!/usr/bin/env bash
# Builds .venv-onnx2tf, the environment of `dsnet-edge convert --litert-via onnx2tf`, whose pins clash with those of .venv.
# Does nothing if it is there and of the present requirements. It gets its name when it is whole.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=scripts/onnx2tf-requirements.txt
environment=.venv-onnx2tf building=.venv-onnx2tf.building
cmp -s "$requirements" "$environment/made-of" && exit 0
python=${PYTHON:-python3}
$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
  { echo "$0: $python is another version than the 3.11 that onnx2tf is pinned for; set PYTHON to a Python 3.11" >&2; exit 1; }

echo "Downloading onnx2tf, TensorFlow and what they need from PyPI (350 MB) to $environment (1.5 GB)"
rm -rf "$building"
trap 'rm -rf "$building"' EXIT
$python -m venv "$building"
# Every package is in the list: left to themselves these would bring TensorFlow's CUDA build, TensorBoard and Keras 3.
"$building/bin/python" -m pip install -q --no-deps -r "$requirements"
"$building/bin/python" -I -c 'import onnx2tf' >"$building/import.log" 2>&1 ||
  { tail -n 1 "$building/import.log" >&2; echo "$0: onnx2tf cannot be imported there; nothing was kept" >&2; exit 1; }
cp "$requirements" "$building/made-of"
rm -rf "$environment"
mv "$building" "$environment"
