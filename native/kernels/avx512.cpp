#include "avx512.h"

namespace dsnet {

const Kernels kAvx512Kernels = simd_kernels<Avx512>("avx512");

}  // namespace dsnet
