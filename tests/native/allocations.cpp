#include "allocations.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> count{0}, refused_from{LONG_MAX}, refused_until{LONG_MAX};

bool refused() {
  const long number = count.fetch_add(1);
  const bool refuse = number >= refused_from.load() && number < refused_until.load();
  if (refuse) errno = ENOMEM;  // as malloc does; glibc relies on it
  return refuse;
}

}  // namespace

long test::allocations() { return count.load(); }

test::Outage::Outage(long granted, long refused) {
  const long from = count.load() + granted;
  refused_until = from + std::min(refused, LONG_MAX - from);
  refused_from = from;
}

test::Outage::~Outage() { refused_from = LONG_MAX; }

// The linker sends calls of malloc here (--wrap): that works for static programs and under sanitizers alike.
extern "C" {
void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_realloc(void* memory, size_t bytes);
int __real_posix_memalign(void** memory, size_t alignment, size_t bytes);

void* __wrap_malloc(size_t bytes) { return refused() ? nullptr : __real_malloc(bytes); }
void* __wrap_calloc(size_t n, size_t bytes) { return refused() ? nullptr : __real_calloc(n, bytes); }
void* __wrap_realloc(void* memory, size_t bytes) { return refused() ? nullptr : __real_realloc(memory, bytes); }
int __wrap_posix_memalign(void** memory, size_t alignment, size_t bytes) {
  return refused() ? ENOMEM : __real_posix_memalign(memory, alignment, bytes);
}
}

void* operator new(size_t bytes) {
  if (void* memory = refused() ? nullptr : __real_malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
