// AVX-512: 7 rows x 2 panels (14 sums) keep both FMA units busy, and 7 divides the usual 14 x 14 and 7 x 7 maps.
#pragma once

#include <immintrin.h>

#include "simd_depthwise.h"

namespace dsnet {
namespace {

// 2^(i/16)
alignas(64) constexpr float kSixteenths[] = {1,           1.04427378f, 1.09050773f, 1.13878863f, 1.18920712f, 1.24185781f,
                                             1.29683955f, 1.35425555f, 1.41421356f, 1.47682615f, 1.54221083f, 1.61049033f,
                                             1.68179283f, 1.75625216f, 1.83400809f, 1.91520656f};

struct Avx512 {
  using Vector = __m512;
  static constexpr int lanes = 16;
  static constexpr int tile_rows = 7, tile_panels = 2, single_tile_rows = 10;
  static constexpr bool prefetches = true;

  static __m256i load32(const void* data) { return _mm256_loadu_si256(static_cast<const __m256i*>(data)); }

  static Vector broadcast(float x) { return _mm512_set1_ps(x); }
  static void widen(const int8_t* data, Vector (&panel)[1]) {
    panel[0] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data))));
  }
  static Vector widen(const Fp16* data) { return _mm512_cvtph_ps(load32(data)); }
  static Vector widen(const Bf16* data) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load32(data)), 16));
  }
  static void narrow(Vector x, Fp16* data) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(data), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static void narrow(Vector x, Bf16* data) {
    const __m512i bits = _mm512_castps_si512(x), last = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(last, _mm512_set1_epi32(0x7fff)));
    const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    const __m512i result = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), quiet);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(data), _mm512_cvtepi32_epi16(_mm512_srli_epi32(result, 16)));
  }

  // The first or the second of each pair.
  static Vector even(const Bf16* pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(pairs), 16)); }
  static Vector odd(const Bf16* pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(pairs), _mm512_set1_epi32(static_cast<int>(0xffff0000))));
  }

  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }

  // 2^x: sixteenths from a table, what is left by a polynomial of degree 2 (relative error 5e-7), the whole part by the
  // processor's scaling, which takes any. A seventh faster than the polynomial of simd_epilogue.h.
  static Vector exp2(Vector x) {
    const Vector magic = broadcast(0xc0000);  // where a float counts in sixteenths
    const Vector shifted = x + magic, rounded = shifted - magic, rest = x - rounded;
    const Vector power = _mm512_permutexvar_ps(_mm512_castps_si512(shifted), _mm512_load_ps(kSixteenths));
    const Vector excess = fma(broadcast(0.240226507f), rest, broadcast(0.693187833f)) * rest;
    return _mm512_scalef_ps(fma(excess, power, power), rounded);
  }

  template <int rows, int vectors, bool ahead, class... Args>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], Args... args) {
    dsnet::accumulate<Avx512, rows, vectors, ahead>(sums, args...);
  }
};

}  // namespace
}  // namespace dsnet
