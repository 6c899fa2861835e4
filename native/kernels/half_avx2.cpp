// bf16 and fp16 on AVX2, with F16C: stored in 16 bits, computed in 32.
#include "avx2.h"
#include "simd_half.h"

namespace dsnet {
namespace {

struct HalfAvx2 : Avx2 {
  static __m128i load16(const void* data) { return _mm_loadu_si128(static_cast<const __m128i*>(data)); }
  static __m256i load32(const void* data) { return _mm256_loadu_si256(static_cast<const __m256i*>(data)); }

  static Vector widen(const Fp16* data) { return _mm256_cvtph_ps(load16(data)); }
  static void narrow(Vector x, Fp16* data) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(data), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }

  static Vector widen(const Bf16* data) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(data)), 16));
  }
  static void narrow(Vector x, Bf16* data) {
    const __m256i bits = _mm256_castps_si256(x), last = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(last, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256 result =
        _mm256_blendv_ps(_mm256_castsi256_ps(rounded), _mm256_castsi256_ps(quiet), _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i high = _mm256_srli_epi32(_mm256_castps_si256(result), 16);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(data), _mm256_castsi256_si128(packed));
  }

  // The first or the second of each pair.
  static Vector even(const Bf16* pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(load32(pairs), 16)); }
  static Vector odd(const Bf16* pairs) {
    return _mm256_castsi256_ps(_mm256_and_si256(load32(pairs), _mm256_set1_epi32(static_cast<int>(0xffff0000))));
  }
};

}  // namespace

const Bf16Kernels kBf16Avx2Kernels = simd_half_kernels<Widening<HalfAvx2>, Bf16>("avx2");
const Fp16Kernels kFp16Avx2Kernels = simd_half_kernels<Widening<HalfAvx2>, Fp16>("avx2");

}  // namespace dsnet
