// What the AVX-512 VNNI kernels share: loading, requantisation and storing. For int8_vnni.cpp alone, whose flags it needs.
#pragma once

#include <immintrin.h>

#include "int8.h"
#include "simd_epilogue.h"

namespace dsnet {
namespace {

constexpr uint8_t kFlip = 0x80;  // activations are kept as q + 128

inline const uint8_t* bytes_of(const int8_t* data) { return reinterpret_cast<const uint8_t*>(data); }

DSNET_INLINE __m512i load(const void* data) { return _mm512_loadu_si512(data); }
DSNET_INLINE __m128i load16(const void* data) { return _mm_loadu_si128(static_cast<const __m128i*>(data)); }

// 16 channels of a pixel, a lane each.
DSNET_INLINE __m512i widen(const uint8_t* pixel) { return _mm512_cvtepu8_epi32(load16(pixel)); }

// Bytes of four pixels, 16 channels each, so that each lane holds one channel of all four.
DSNET_INLINE __m512i by_channel(__m512i pixels) {
  alignas(64) static constexpr uint8_t kOrder[64] = {0,  16, 32, 48, 1,  17, 33, 49, 2,  18, 34, 50, 3,  19, 35, 51,
                                                     4,  20, 36, 52, 5,  21, 37, 53, 6,  22, 38, 54, 7,  23, 39, 55,
                                                     8,  24, 40, 56, 9,  25, 41, 57, 10, 26, 42, 58, 11, 27, 43, 59,
                                                     12, 28, 44, 60, 13, 29, 45, 61, 14, 30, 46, 62, 15, 31, 47, 63};
  return _mm512_permutexvar_epi8(load(kOrder), pixels);
}

DSNET_INLINE __m512i by_channel(const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d) {
  const __m256i ab = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(a)), load16(b), 1);
  const __m256i cd = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(c)), load16(d), 1);
  return by_channel(_mm512_inserti64x4(_mm512_castsi256_si512(ab), cd, 1));
}

// What the sums of 16 channels start from, so that sum((u - zero_point - 128) * w) = first_sum + sum(u * w).
DSNET_INLINE __m512i first_sum(const Int8Epilogue& epilogue, int zero_point, ptrdiff_t channel) {
  return _mm512_mullo_epi32(load(epilogue.sums + channel), _mm512_set1_epi32(-(zero_point + 128)));
}

struct Channels {
  __m512 scale, shift;

  DSNET_INLINE Channels(const Int8Epilogue& epilogue, ptrdiff_t channel)
      : scale(_mm512_loadu_ps(epilogue.scale + channel)), shift(_mm512_loadu_ps(epilogue.shift + channel)) {}
};

DSNET_INLINE __m512i steps(__m512i sums, const Channels& channels) {
  return _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), channels.scale, channels.shift));
}

// Steps that no sum bounds. Those that are too low even for an int32 become the least of them.
DSNET_INLINE __m512i bounded_steps(__m512 x) { return _mm512_cvtps_epi32(_mm512_min_ps(x, _mm512_set1_ps(127))); }

// The 16 channels of a, then those of b, c and d, clamped to signed bytes.
DSNET_INLINE __m512i pack(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)));
}

DSNET_INLINE __m512i flipped(__m512i q) { return _mm512_xor_si512(q, _mm512_set1_epi8(static_cast<char>(kFlip))); }

// From steps to the bytes in memory.
class Activate {
 public:
  DSNET_INLINE explicit Activate(const Int8Epilogue& epilogue)
      : lo_(_mm512_set1_epi8(static_cast<char>(epilogue.lo))),
        hi_(_mm512_set1_epi8(static_cast<char>(epilogue.hi))),
        table_(epilogue.table) {}

  DSNET_INLINE __m512i operator()(__m512i a, __m512i b, __m512i c, __m512i d) const {
    const __m512i q = pack(a, b, c, d);
    return flipped(table_ != nullptr ? looked_up(q) : _mm512_min_epi8(_mm512_max_epi8(q, lo_), hi_));
  }

 private:
  // The lower seven bits select from two vectors, the sign from two such pairs.
  DSNET_INLINE __m512i looked_up(__m512i q) const {
    const __m512i negative = _mm512_permutex2var_epi8(load(table_), q, load(table_ + 64));
    const __m512i positive = _mm512_permutex2var_epi8(load(table_ + 128), q, load(table_ + 192));
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(q), positive, negative);
  }

  __m512i lo_, hi_;
  const int8_t* table_;
};

// The first `n` of four rows of 16 channels.
DSNET_INLINE void store_rows(__m512i bytes, int8_t* output, ptrdiff_t stride, int n) {
  const auto row = [&](int i) { return reinterpret_cast<__m128i*>(output + i * stride); };
  _mm_storeu_si128(row(0), _mm512_castsi512_si128(bytes));
  if (n > 1) _mm_storeu_si128(row(1), _mm512_extracti32x4_epi32(bytes, 1));
  if (n > 2) _mm_storeu_si128(row(2), _mm512_extracti32x4_epi32(bytes, 2));
  if (n > 3) _mm_storeu_si128(row(3), _mm512_extracti32x4_epi32(bytes, 3));
}

}  // namespace
}  // namespace dsnet
