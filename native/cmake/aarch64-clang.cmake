# Static aarch64 Linux programs with clang and Debian's g++-aarch64-linux-gnu sysroot; tests run under qemu-user.
#   cmake -S . -B build/native-aarch64 -G Ninja -DDSNET_TESTS=ON -DCMAKE_TOOLCHAIN_FILE=native/cmake/aarch64-clang.cmake
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(DSNET_CLANG NAMES clang++-19 clang++ REQUIRED)
set(CMAKE_CXX_COMPILER ${DSNET_CLANG})
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -fuse-ld=lld")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(DSNET_EMULATOR qemu-aarch64 CACHE STRING "Runs an aarch64 program; -cpu NAME is added")
set(DSNET_TEST_CPUS cortex-a72 cortex-a76 max CACHE STRING "Processors to run the tests as")
