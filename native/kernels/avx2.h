// AVX2 with FMA: 6 rows x 1 panel (12 sums) leave room for two weights and one input in 16 registers.
#pragma once

#include <immintrin.h>

#include "simd_depthwise.h"

namespace dsnet {
namespace {

struct Avx2 {
  using Vector = __m256;
  static constexpr int lanes = 8;
  static constexpr int tile_rows = 6, tile_panels = 1, single_tile_rows = 6;
  static constexpr bool prefetches = true;

  static Vector broadcast(float x) { return _mm256_set1_ps(x); }
  static void widen(const int8_t* data, Vector (&panel)[2]) {
    panel[0] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(data))));
    panel[1] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(data + 8))));
  }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
  static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }

  static Vector exp2(Vector x) { return polynomial_exp2<Avx2>(x); }
  static Vector limit_exponent(Vector x) { return min(max(x, broadcast(-126)), broadcast(126)); }
  static Vector fraction(Vector x) { return x - _mm256_floor_ps(x); }
  static Vector scale_by_power(Vector x, Vector power) {
    const __m256i whole = _mm256_cvttps_epi32(_mm256_floor_ps(power));
    return x * _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(whole, _mm256_set1_epi32(127)), 23));
  }

  template <int rows, int vectors, bool ahead, class... Args>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], Args... args) {
    dsnet::accumulate<Avx2, rows, vectors, ahead>(sums, args...);
  }
};

}  // namespace
}  // namespace dsnet
