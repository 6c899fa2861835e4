// bf16 with AVX-512-BF16: a 32-bit lane sums two products, in float32. Subnormal inputs and results count as zero.
#include <string.h>

#include "avx512.h"

namespace dsnet {
namespace {

struct Native : Avx512 {
  using Avx512::narrow;
  static void narrow(Vector x, Bf16* data) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(data), (__m256i)_mm512_cvtneps_pbh(x));
  }

  // Two steps; `keep` masks the inputs that count.
  template <int rows, int vectors, bool ahead>
  DSNET_INLINE static void step(Vector (&sums)[rows * vectors], const Bf16* input, ptrdiff_t input_stride, const Bf16* weights,
                                ptrdiff_t panel_stride, uint32_t keep) {
    if constexpr (ahead) {
      DSNET_UNROLL for (int j = 0; j < vectors; ++j) __builtin_prefetch(weights + (vectors + j) * panel_stride, 0, 2);
    }
    __m512i w[vectors];
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) w[j] = _mm512_loadu_si512(weights + j * panel_stride);
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      uint32_t pair;
      memcpy(&pair, input + i * input_stride, sizeof pair);
      const __m512i x = _mm512_set1_epi32(static_cast<int>(pair & keep));
      DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
        sums[i * vectors + j] = _mm512_dpbf16_ps(sums[i * vectors + j], (__m512bh)x, (__m512bh)w[j]);
      }
    }
  }

  template <int rows, int vectors, bool ahead, class In, class Weight>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride,
                                      const Weight* weights, ptrdiff_t panel_stride, int length) {
    if constexpr (std::is_same_v<Weight, float>) {
      dsnet::accumulate<Avx512, rows, vectors, ahead>(sums, input, input_stride, weights, panel_stride, length);
    } else {
      for (int pair = length / 2; pair > 0; --pair, input += 2, weights += 2 * kPanel) {
        step<rows, vectors, ahead>(sums, input, input_stride, weights, panel_stride, ~0U);
      }
      if (length % 2 != 0) step<rows, vectors, ahead>(sums, input, input_stride, weights, panel_stride, 0xffff);
    }
  }
};

int64_t exercise_pairs(int64_t steps) {
  return exercise<32>(
      steps, _mm512_setzero_ps(), _mm512_set1_epi32(0x3f003f00),
      [](__m512& sum, const __m512i& a, const __m512i& b) { sum = _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); });
}

}  // namespace

const Bf16Kernels kBf16Avx512NativeKernels = simd_half_kernels<Native, Bf16>("avx512-bf16", exercise_pairs);

}  // namespace dsnet
