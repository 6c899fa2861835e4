// The kernels for feature maps of sixteen-bit floats: those of kernels.h, with `Map` Bf16 or Fp16.
//
// Vectors, the image, taps and epilogues are float32, and so is arithmetic, with results rounded to nearest even; what a table
// may do otherwise is in docs/format.md. Pixels have strides that are multiples of 16, and whole rows may be read.
#pragma once

#include "kernels.h"

namespace dsnet {

template <class Map>
struct HalfKernels {
  const char* name;
  int tile_rows, tile_panels;  // as in Kernels
  void (*gemm)(const GemmOf<Map>&, Range rows, Range panels);
  void (*linear)(const LinearOf<Map>&, Range panels);
  void (*conv2d_image)(const Conv2dOf<float, Map>&, Range out_rows, Range panels);
  void (*conv2d)(const Conv2dOf<Map, Map>&, Range out_rows, Range panels);
  void (*depthwise)(const DepthwiseOf<Map>&, Range out_rows);
  void (*global_pool)(const GlobalPoolOf<Map>&, Range panels);
  void (*multiply)(const MultiplyOf<Map>&, Range pixels);
  void (*add)(const AddOf<Map>&, Range pixels);
  void (*max_pool)(const MaxPoolOf<Map>&, Range out_rows);
  void (*group_norm)(const GroupNormOf<Map>&, Range panels);
  int64_t (*exercise)(int64_t steps);  // as in Kernels
};

using Bf16Kernels = HalfKernels<Bf16>;
using Fp16Kernels = HalfKernels<Fp16>;

extern const Bf16Kernels kBf16ScalarKernels;
extern const Bf16Kernels kBf16Avx2Kernels;
extern const Bf16Kernels kBf16Avx512Kernels;
extern const Bf16Kernels kBf16Avx512NativeKernels;
extern const Bf16Kernels kBf16NeonKernels;
extern const Bf16Kernels kBf16NeonNativeKernels;
extern const Fp16Kernels kFp16ScalarKernels;
extern const Fp16Kernels kFp16Avx2Kernels;
extern const Fp16Kernels kFp16Avx512Kernels;
extern const Fp16Kernels kFp16NeonKernels;
extern const Fp16Kernels kFp16NeonNativeKernels;

}  // namespace dsnet
