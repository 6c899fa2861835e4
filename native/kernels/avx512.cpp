// AVX-512: 7 rows x 2 panels (14 sums) keep both FMA units busy, and 7 divides the usual 14 x 14 and 7 x 7 maps.
#include <immintrin.h>

#include "simd_depthwise.h"

namespace dsnet {
namespace {

struct Avx512 {
  using Vector = __m512;
  static constexpr int lanes = 16;
  static constexpr int tile_rows = 7, tile_panels = 2, single_tile_rows = 10;
  static constexpr bool prefetches = true;

  static Vector broadcast(float x) { return _mm512_set1_ps(x); }
  static Vector from_bytes(const int8_t* data) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data))));
  }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }

  // The processor's scaling takes any exponent, and rounds it down itself.
  static Vector limit_exponent(Vector x) { return x; }
  static Vector fraction(Vector x) { return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static Vector scale_by_power(Vector x, Vector power) { return _mm512_scalef_ps(x, power); }

  template <int rows, int vectors, bool ahead, class... Args>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], Args... args) {
    dsnet::accumulate<Avx512, rows, vectors, ahead>(sums, args...);
  }
};

}  // namespace

const Kernels kAvx512Kernels = simd_kernels<Avx512>("avx512");

}  // namespace dsnet
