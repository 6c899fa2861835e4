// What one core can do at most: float32 multiply-adds from registers, and bytes read. Built by roofline.py for the machine it
// runs on.
#include <algorithm>
#include <chrono>
#include <cstddef>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
using Vector = float __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / 4, kSums = 12;  // enough to hide the latency of any core, few enough for 16 registers

#if defined(__aarch64__)
#define VECTOR_REGISTER(x) "+w"(x)
#else
#define VECTOR_REGISTER(x) "+v"(x)
#endif

volatile float sink;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void keep(const Vector (&sums)[kSums]) {
  float total = 0;
  for (const Vector& sum : sums) total += sum[0];
  sink = total;
}

}  // namespace

extern "C" {

// Multiply-adds a second, the best of 50 short runs.
double peak_madds() {
  constexpr int kSteps = 20000, kRuns = 50;
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    Vector sums[kSums] = {}, a = Vector{} + 0.5F, b = Vector{} + 0.25F;
    for (Vector& sum : sums) asm("" : VECTOR_REGISTER(sum));  // else they are all one
    const double start = seconds();
    for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
      for (Vector& sum : sums) sum = a * b + sum;
      asm("" : VECTOR_REGISTER(a), VECTOR_REGISTER(b));  // else the product leaves the loop
    }
    best = std::max(best, double(kSteps) * kSums * kLanes / (seconds() - start));
    keep(sums);
  }
  return best;
}

// Bytes a second when reading `bytes` again and again, the best of 20 passes.
double peak_read(const float* data, size_t bytes) {
  double best = 0;
  for (int pass = 0; pass < 20; ++pass) {
    Vector sums[kSums] = {};
    const double start = seconds();
    const size_t step = kSums * kLanes;
    for (size_t i = 0; i + step <= bytes / 4; i += step) {
#pragma GCC unroll 12
      for (int j = 0; j < kSums; ++j) sums[j] += *reinterpret_cast<const Vector*>(data + i + j * kLanes);
    }
    best = std::max(best, double(bytes) / (seconds() - start));
    keep(sums);
  }
  return best;
}
}
