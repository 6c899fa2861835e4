# The compiler, linker and C library of ziglang from PyPI: where there is no clang, or where the C library has to be an old one.
# Its first use builds that library, for a minute or two.
#   python3 -m pip install ziglang
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(DSNET_PYTHON NAMES python3 REQUIRED)
set(DSNET_ZIG_TARGET aarch64-linux-musl CACHE STRING "musl makes static programs; aarch64-linux-gnu.2.17 needs glibc 2.28")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DSNET_PYTHON DSNET_ZIG_TARGET)
set(CMAKE_CXX_COMPILER ${DSNET_PYTHON} -m ziglang c++ -target ${DSNET_ZIG_TARGET})
set(DSNET_ARM_FP16 fullfp16)  # what it calls the extension fp16
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
