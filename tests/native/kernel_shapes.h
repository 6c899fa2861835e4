// Random shapes and exactly sized buffers for the sweeps over kernels.
#pragma once

#include <cstdlib>
#include <memory>
#include <random>

#include "kernels.h"

namespace test {

using dsnet::Range;

inline std::mt19937 generator(7);

inline int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(generator); }

inline Range pick_range(int size) {
  const int begin = pick(0, size - 1);
  return {begin, pick(begin + 1, size)};
}

inline dsnet::Window pick_window(int h, int w, bool usual) {
  for (;;) {
    const int kernel = usual ? 2 * pick(1, 2) + 1 : pick(1, 7);
    const dsnet::Window window = {kernel, usual ? pick(1, 2) : pick(1, 3), pick(0, kernel - 1)};
    if (h + 2 * window.padding >= kernel && w + 2 * window.padding >= kernel) return window;
  }
}

// Of a dense convolution: a few, or whole blocks.
inline int pick_inputs() { return pick(0, 2) != 0 ? pick(1, 5) : pick(1, 4) * dsnet::kPanel; }

inline int out_size(int size, const dsnet::Window& window) {
  return (size + 2 * window.padding - window.kernel) / window.stride + 1;
}

// Exactly as many elements as asked for, 64-byte aligned, so that AddressSanitizer sees a read past either end.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t size) : size_(size), data_(static_cast<T*>(std::aligned_alloc(64, (size * sizeof(T) + 63) / 64 * 64))) {}
  T* get() const { return data_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  size_t size_;
  std::unique_ptr<T[], Free> data_;
};

// Uniform in -1 to 1.
class Floats : public Buffer<float> {
 public:
  explicit Floats(size_t size) : Buffer(size) {
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (size_t i = 0; i < size; ++i) get()[i] = uniform(generator);
  }
};

}  // namespace test
