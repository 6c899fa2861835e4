// bf16 and fp16 on NEON without arithmetic for them: stored in 16 bits, computed in 32.
#include "half.h"
#include "neon.h"

namespace dsnet {

const Bf16Kernels kBf16NeonKernels = simd_half_kernels<Neon, Bf16>("neon");
const Fp16Kernels kFp16NeonKernels = simd_half_kernels<Neon, Fp16>("neon");

}  // namespace dsnet
