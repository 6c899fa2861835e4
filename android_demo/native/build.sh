#!/usr/bin/env bash
# Builds libdsnet.so, the runtime behind JNI, without the NDK:
#
#   android_demo/native/build.sh OUT.so        # for phones: arm64-v8a
#   android_demo/native/build.sh OUT.so host   # for this machine's Java
#
# For phones it downloads ziglang from PyPI (100 MB), checked against the hash in without_ndk/ziglang.txt; elf_gate.py looks at
# what comes out.
set -euo pipefail
target=$(realpath -m "${1:?usage: $0 OUT.so [host]}")
abi=${2:-arm64-v8a}
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/../tools/env.sh"
native=android_demo/native
build=$out/native/build-$abi

case "$abi" in
  arm64-v8a)
    if [ "$(uname -m)" != x86_64 ]; then echo "$0: needs an x86-64 machine; elsewhere build with Gradle and the NDK" >&2; exit 1; fi
    $native/wheel.sh "$tools/zig" manylinux_2_12_x86_64 $native/without_ndk/ziglang.txt ziglang/zig 'ziglang/lib/include/*' \
      'ziglang/lib/libcxx/*' 'ziglang/lib/libcxxabi/*' 'ziglang/lib/libunwind/*' \
      'ziglang/lib/libc/include/*-linux-any/*' 'ziglang/lib/libc/include/*-musl/*'
    zig=$tools/zig/ziglang stubs=$out/native/stubs
    chmod +x "$zig/zig"
    python3 $native/stubs.py "$zig/zig" "$stubs"
    options=(-DCMAKE_TOOLCHAIN_FILE="$PWD/$native/without_ndk/toolchain.cmake" -DDSNET_ZIG="$zig" -DDSNET_STUBS="$stubs"
      -DDSNET_JNI_INCLUDE=/usr/include/android/nativehelper)
    ;;
  host)
    java_home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
    options=(-DDSNET_JNI_INCLUDE="$java_home/include;$java_home/include/linux")
    ;;
  *) echo "usage: $0 OUT.so [host]" >&2; exit 2 ;;
esac
mkdir -p "$build" "$(dirname "$target")"
cmake -S $native -B "$build" -G Ninja "${options[@]}" >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" -j "$(nproc)" --target dsnet_jni >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }
if [ "$abi" = arm64-v8a ]; then python3 $native/elf_gate.py "$build/libdsnet.so"; fi
cp "$build/libdsnet.so" "$target.part"
mv "$target.part" "$target"
