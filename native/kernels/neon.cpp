#include "neon.h"

namespace dsnet {

const Kernels kNeonKernels = simd_kernels<Neon>("neon");

}  // namespace dsnet
