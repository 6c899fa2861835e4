// bf16 and fp16 on AVX-512: stored in 16 bits, computed in 32.
#include "avx512.h"
#include "simd_half.h"

namespace dsnet {
namespace {

// Twice as many rows share each widened weight.
struct Tall : Widening<Avx512> {
  static constexpr int tile_rows = 14, single_tile_rows = 14;
};

}  // namespace

const Bf16Kernels kBf16Avx512Kernels = simd_half_kernels<Tall, Bf16>("avx512");
const Fp16Kernels kFp16Avx512Kernels = simd_half_kernels<Tall, Fp16>("avx512");

}  // namespace dsnet
