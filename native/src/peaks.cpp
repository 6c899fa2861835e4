#include "peaks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "clock.h"

namespace dsnet {
namespace {

constexpr size_t kLeastBytes = size_t{64} << 20;
constexpr int kLeastRuns = 3;

volatile uint64_t sink;  // what is read must be wanted

// Memory that no cache holds, every page of it there. Huge pages, so that the walks of page tables are not what is measured.
class Memory {
 public:
  Memory() : bytes_(size()), data_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) throw std::bad_alloc();
    madvise(data_, bytes_, MADV_HUGEPAGE);
    std::memset(data_, 1, bytes_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(data_, bytes_); }

  const uint64_t* begin() const { return static_cast<const uint64_t*>(data_); }
  size_t bytes() const { return bytes_; }

 private:
  static size_t size() {
#ifdef _SC_LEVEL3_CACHE_SIZE
    constexpr size_t kMostBytes = size_t{512} << 20;
    const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return std::clamp(2 * static_cast<size_t>(std::max(cache, 0L)), kLeastBytes, kMostBytes);
#else
    return kLeastBytes;
#endif
  }

  size_t bytes_;
  void* data_;
};

// The most a second of what `body` says it has done, of runs that take `ms` together.
template <class Body>
double best_rate(double ms, const Body& body) {
  double best = 0, spent = 0;
  for (int run = 0; run < kLeastRuns || spent < ms; ++run) {
    Clock clock;
    const auto done = static_cast<double>(body());
    const double took = std::max(clock.lap_ms(), 1e-6);
    best = std::max(best, 1000 * done / took);
    spent += took;
  }
  return best;
}

// Into independent sums, of which the compiler makes vectors.
size_t read(const Memory& memory) {
  constexpr size_t kSums = 32;
  uint64_t sums[kSums] = {};
  const uint64_t* const end = memory.begin() + memory.bytes() / sizeof(uint64_t);
  for (const uint64_t* data = memory.begin(); data < end; data += kSums) {
    for (size_t i = 0; i < kSums; ++i) sums[i] += data[i];
  }
  for (const uint64_t sum : sums) sink = sink + sum;
  return memory.bytes();
}

}  // namespace

Peaks measure_peaks(const KernelSet& kernels, Precision precision) {
  constexpr int64_t kSteps = 20000;
  const auto exercise = kernels.exercise_for(precision);
  exercise(kSteps);
  const double madds = best_rate(150, [&] { return exercise(kSteps); });
  const Memory memory;
  return {madds, best_rate(300, [&] { return read(memory); })};
}

}  // namespace dsnet
