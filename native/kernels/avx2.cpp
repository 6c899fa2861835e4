#include "avx2.h"

namespace dsnet {

const Kernels kAvx2Kernels = simd_kernels<Avx2>("avx2");

}  // namespace dsnet
