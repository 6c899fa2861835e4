// Makes reads beyond a mapped file fail at once: the rest of its last page is poisoned and the page after it is inaccessible.
// Link with --wrap=mmap and --wrap=munmap.
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace {

constexpr size_t kPage = 4096;

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

extern "C" {
void* __real_mmap(void* address, size_t bytes, int protection, int flags, int descriptor, off_t offset);
int __real_munmap(void* address, size_t bytes);

void* __wrap_mmap(void* address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  const size_t pages = whole_pages(bytes);
  void* room = __real_mmap(address, pages + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return room;
  void* mapped = __real_mmap(room, bytes, protection, flags | MAP_FIXED, descriptor, offset);
  if (mapped == MAP_FAILED) {
    __real_munmap(room, pages + kPage);
  } else {
    __asan_poison_memory_region(static_cast<uint8_t*>(mapped) + bytes, pages - bytes);
  }
  return mapped;
}

int __wrap_munmap(void* address, size_t bytes) {
  const size_t pages = whole_pages(bytes);
  __asan_unpoison_memory_region(static_cast<uint8_t*>(address) + bytes, pages - bytes);
  return __real_munmap(address, pages + kPage);
}
}
