# The same as aarch64-clang.cmake where there is no clang: the compiler, linker and C library of ziglang from PyPI. Its first
# use builds that library, for a minute or two.
#   python3 -m pip install ziglang
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(DSNET_PYTHON NAMES python3 REQUIRED)
set(CMAKE_CXX_COMPILER ${DSNET_PYTHON} -m ziglang c++ -target aarch64-linux-musl)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
