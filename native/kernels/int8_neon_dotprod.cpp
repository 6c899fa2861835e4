// int8 with the dot product (Cortex-A55, A75, A76 and later): 6 rows x 1 panel, as in neon.cpp. An instruction multiplies four
// steps of four channels by four inputs of a row.
#include "int8_neon.h"

namespace dsnet {
namespace {

struct DotProduct {
  static constexpr int tile_rows = 6;

  static constexpr int madds = 16;
  static void add_products(int32x4_t& sum, int8x16_t x, int8x16_t w) { sum = vdotq_laneq_s32(sum, w, x, 0); }

  template <int rows, int lane>
  DSNET_INLINE static void step(Sums (&sums)[rows], const int8x16_t (&x)[rows], const int8_t* weights) {
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      const int8x16_t w = vld1q_s8(weights + lane * 64 + 16 * j);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i].quad[j] = vdotq_laneq_s32(sums[i].quad[j], w, x[i], lane);
    }
  }

  template <int rows>
  DSNET_INLINE static void accumulate(Sums (&sums)[rows], const Sums& first, const Int8Pointwise& op, const int8_t* input,
                                      const int8_t* weights) {
    DSNET_UNROLL for (auto& sum : sums) sum = first;
    int8x16_t x[rows];
    ptrdiff_t k = 0;
    const int8_t* w = weights;
    for (; k + 16 <= op.k; k += 16, w += 16 * kPanel) {
      opaque(k);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = vld1q_s8(input + i * op.input_stride + k);
      step<rows, 0>(sums, x, w);
      step<rows, 1>(sums, x, w);
      step<rows, 2>(sums, x, w);
      step<rows, 3>(sums, x, w);
    }
    if (const int left = op.k - int(k); left > 0) {
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = first_bytes(input + i * op.input_stride + k, left);
      step<rows, 0>(sums, x, w);
      if (left > 4) step<rows, 1>(sums, x, w);
      if (left > 8) step<rows, 2>(sums, x, w);
      if (left > 12) step<rows, 3>(sums, x, w);
    }
  }
};

}  // namespace

const Int8Kernels kInt8NeonDotprodKernels = neon_int8_kernels<DotProduct>("neon-dotprod");

}  // namespace dsnet
