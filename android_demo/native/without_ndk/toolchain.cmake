# The clang, linker and C++ library sources of ziglang from PyPI, for Android's arm64-v8a. There is no bionic in it: the C headers
# are musl's, used by the rule in symbols.txt, and what is linked with are stubs of bionic's libraries (build.sh makes them).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(DSNET_ZIG "" CACHE PATH "ziglang's folder: the program zig, and lib")
set(DSNET_STUBS "" CACHE PATH "The folder of stub libraries")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DSNET_ZIG DSNET_STUBS)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_C_COMPILER ${DSNET_ZIG}/zig clang)
set(CMAKE_CXX_COMPILER ${DSNET_ZIG}/zig clang --driver-mode=g++)
set(lib ${DSNET_ZIG}/lib)
string(JOIN " -isystem " c_headers "" ${lib}/include ${lib}/libc/include/aarch64-linux-musl ${lib}/libc/include/generic-musl
       ${lib}/libc/include/aarch64-linux-any ${lib}/libc/include/any-linux-any)
string(JOIN " -isystem " cxx_headers "" ${lib}/libcxx/include ${lib}/libcxxabi/include)
# No outlined atomics and no stack protector: both need what an API level or a C runtime brings.
set(base "--target=aarch64-linux-android26 -nostdinc -mno-outline-atomics -fno-stack-protector -ffunction-sections \
-fdata-sections")
set(CMAKE_C_FLAGS_INIT "${base}${c_headers}")
set(CMAKE_CXX_FLAGS_INIT "${base} -include ${CMAKE_CURRENT_LIST_DIR}/libcxx_config.h${cxx_headers}${c_headers}")

foreach(language C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "${DSNET_ZIG}/zig ar qcs <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_APPEND "${DSNET_ZIG}/zig ar qs <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "")
endforeach()
set(CMAKE_CXX_CREATE_SHARED_LIBRARY
    "${DSNET_ZIG}/zig ld.lld -shared -soname <TARGET_SONAME> -o <TARGET> <OBJECTS> <LINK_LIBRARIES> <LINK_FLAGS>")
