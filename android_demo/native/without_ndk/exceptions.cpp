// The exceptions in flight in each thread, kept under a pthread key: libc++abi's own file would use thread_local, for which
// Android before API level 29 has no support in its linker.
#include <pthread.h>

#include <cstdlib>

#include "abort_message.h"
#include "cxa_exception.h"

namespace {

pthread_key_t key;
pthread_once_t once = PTHREAD_ONCE_INIT;

void make_key() {
  const int error = pthread_key_create(&key, [](void* globals) { std::free(globals); });
  if (error != 0) __abort_message("no thread-specific key is left");
}

}  // namespace

namespace __cxxabiv1 {
extern "C" {

__cxa_eh_globals* __cxa_get_globals_fast() {
  pthread_once(&once, make_key);
  return static_cast<__cxa_eh_globals*>(pthread_getspecific(key));
}

__cxa_eh_globals* __cxa_get_globals() {
  if (__cxa_eh_globals* known = __cxa_get_globals_fast()) return known;
  void* fresh = std::calloc(1, sizeof(__cxa_eh_globals));
  if (fresh == nullptr || pthread_setspecific(key, fresh) != 0) __abort_message("out of memory while an exception is thrown");
  return static_cast<__cxa_eh_globals*>(fresh);
}

}  // extern "C"
}  // namespace __cxxabiv1
