#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> count{0};

}  // namespace

long test::allocations() { return count.load(); }

// The linker sends calls of malloc here (--wrap): that works for static programs and under sanitizers alike.
extern "C" {
void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_realloc(void* memory, size_t bytes);
void* __real_aligned_alloc(size_t alignment, size_t bytes);

void* __wrap_malloc(size_t bytes) {
  ++count;
  return __real_malloc(bytes);
}
void* __wrap_calloc(size_t n, size_t bytes) {
  ++count;
  return __real_calloc(n, bytes);
}
void* __wrap_realloc(void* memory, size_t bytes) {
  ++count;
  return __real_realloc(memory, bytes);
}
void* __wrap_aligned_alloc(size_t alignment, size_t bytes) {
  ++count;
  return __real_aligned_alloc(alignment, bytes);
}
}

void* operator new(size_t bytes) {
  ++count;
  if (void* memory = __real_malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
