// int8 for every 64-bit ARM core: 2 rows x 1 panel. A vector of weights holds four steps of four channels. Products of eight
// steps are summed in 16 bits, two at a time, then pairwise in 32 bits: 16 sums of a channel's halves.
#include "int8_neon.h"

namespace dsnet {
namespace {

struct Plain {
  static constexpr int tile_rows = 2;

  // What `step` does for four channels' halves.
  static constexpr int madds = 16;
  static void add_products(int32x4_t& half, int8x16_t inputs, int8x16_t w) {
    half = vpadalq_s16(half, vmlal_s8(vmull_s8(vget_low_s8(inputs), vget_low_s8(w)), vget_low_s8(inputs), vget_low_s8(w)));
  }

  // Four steps of every row, or eight: `groups` of them, the inputs' 32-bit lanes from `lane` on.
  template <int rows, int lane, int groups>
  DSNET_INLINE static void step(int32x4_t (&halves)[rows][2 * kQuads], const int8x16_t (&x)[rows], const int8_t* weights) {
    int8x16_t inputs[rows][2];
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      inputs[i][0] = vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(x[i]), lane));
      inputs[i][1] = vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(x[i]), lane + groups - 1));
    }
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      const int8x16_t w = vld1q_s8(weights + 16 * j);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) {
        int16x8_t low = vmull_s8(vget_low_s8(inputs[i][0]), vget_low_s8(w)), high = vmull_high_s8(inputs[i][0], w);
        if constexpr (groups == 2) {
          const int8x16_t next = vld1q_s8(weights + 64 + 16 * j);
          low = vmlal_s8(low, vget_low_s8(inputs[i][1]), vget_low_s8(next));
          high = vmlal_high_s8(high, inputs[i][1], next);
        }
        halves[i][2 * j] = vpadalq_s16(halves[i][2 * j], low);
        halves[i][2 * j + 1] = vpadalq_s16(halves[i][2 * j + 1], high);
      }
    }
  }

  template <int rows>
  DSNET_INLINE static void accumulate(Sums (&sums)[rows], const Sums& first, const Int8Pointwise& op, const int8_t* input,
                                      const int8_t* weights) {
    int32x4_t halves[rows][2 * kQuads];
    DSNET_UNROLL for (auto& row : halves) { DSNET_UNROLL for (auto& half : row) half = vdupq_n_s32(0); }
    int8x16_t x[rows];
    ptrdiff_t k = 0;
    for (; k + 16 <= op.k; k += 16, weights += 16 * kPanel) {
      opaque(k);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = vld1q_s8(input + i * op.input_stride + k);
      step<rows, 0, 2>(halves, x, weights);
      step<rows, 2, 2>(halves, x, weights + 8 * kPanel);
    }
    if (const int left = op.k - int(k); left > 0) {
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = first_bytes(input + i * op.input_stride + k, left);
      step<rows, 0, 1>(halves, x, weights);
      if (left > 4) step<rows, 1, 1>(halves, x, weights + 4 * kPanel);
      if (left > 8) step<rows, 2, 1>(halves, x, weights + 8 * kPanel);
      if (left > 12) step<rows, 3, 1>(halves, x, weights + 12 * kPanel);
    }
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
        sums[i].quad[j] = vaddq_s32(first.quad[j], vpaddq_s32(halves[i][2 * j], halves[i][2 * j + 1]));
      }
    }
  }
};

}  // namespace

const Int8Kernels kInt8NeonKernels = neon_int8_kernels<Plain>("neon");

}  // namespace dsnet
