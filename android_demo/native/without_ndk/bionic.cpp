// What musl's headers and the C++ library expect and bionic calls otherwise; and the rule of symbols.txt, as far as a compiler
// can check it: the sizes here are those of bionic on 64-bit ARM, since API level 21.
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

static_assert(sizeof(pthread_mutex_t) == 40 && sizeof(pthread_cond_t) == 48 && sizeof(pthread_rwlock_t) == 56);
static_assert(sizeof(pthread_once_t) == 4 && sizeof(pthread_key_t) == 4 && sizeof(pthread_t) == 8);
static_assert(sizeof(cpu_set_t) == 128 && sizeof(struct stat) == 128 && sizeof(timespec) == 16 && sizeof(off_t) == 8);

extern "C" {

int* __errno(void);

// Behind musl's errno.
[[gnu::visibility("hidden")]] int* __errno_location(void) { return __errno(); }

int __android_log_write(int priority, const char* tag, const char* text);

// Where libc++abi says why it ends the process: the log, which is all that there is on a phone.
[[noreturn, gnu::visibility("hidden")]] void __abort_message(const char* format, ...) {
  constexpr int kFatal = 7;
  char message[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  __android_log_write(kFatal, "dsnet", message);
  std::abort();
}

}  // extern "C"
