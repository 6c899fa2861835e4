// The multiply-adds that a core can do at most: independent sums in registers, nothing loaded or stored.
#pragma once

#include <type_traits>

#include "simd_epilogue.h"

namespace dsnet {

constexpr int kPeakSums = 12;  // hide the latency of any core, and leave room for factors in 16 registers

// Hides where a value comes from and whether anybody reads it: what is computed from it is computed every time.
template <class T>
DSNET_INLINE void in_register(T& value) {
  if constexpr (std::is_integral_v<T>) {
    asm volatile("" : "+r"(value));
  } else {
#if defined(__aarch64__)
    asm volatile("" : "+w"(value));
#else
    asm volatile("" : "+x"(value));
#endif
  }
}

// `step(sum, a, b)` adds `madds` products to a sum: every sum `steps` times. Returns how many products that were.
template <int madds, class Sum, class Factor, class Step>
DSNET_INLINE int64_t exercise(int64_t steps, const Sum& zero, const Factor& factor, const Step& step) {
  Sum sums[kPeakSums];
  Factor a = factor, b = factor;
  DSNET_UNROLL for (auto& sum : sums) {
    sum = zero;
    in_register(sum);
  }
  for (int64_t i = 0; i < steps; ++i) {
    DSNET_UNROLL for (auto& sum : sums) {
      in_register(a);
      in_register(b);
      step(sum, a, b);
      in_register(sum);
    }
  }
  return steps * kPeakSums * madds;
}

template <class Simd>
int64_t exercise_floats(int64_t steps) {
  using V = Vector<Simd>;
  return exercise<Simd::lanes>(steps, Simd::broadcast(0), Simd::broadcast(0.5F),
                               [](V& sum, const V& a, const V& b) { sum = Simd::fma(a, b, sum); });
}

}  // namespace dsnet
