// bf16 and fp16 on NEON without arithmetic for them: stored in 16 bits, computed in 32. 5 rows x 1 panel, as widening takes
// registers too.
#include "half.h"
#include "neon.h"

namespace dsnet {
namespace {

struct Widened : Neon {
  static constexpr int tile_rows = 5, single_tile_rows = 5;
};

}  // namespace

const Bf16Kernels kBf16NeonKernels = simd_half_kernels<Widened, Bf16>("neon");
const Fp16Kernels kFp16NeonKernels = simd_half_kernels<Widened, Fp16>("neon");

}  // namespace dsnet
