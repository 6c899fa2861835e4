// bf16 with the dot product (Cortex-A510, A710, X2, Neoverse V1 and later): 6 rows x 1 panel, as in neon.h. An instruction
// multiplies two steps of four channels by two inputs of a row, and sums in float32; subnormal numbers count as zero.
#include "half.h"
#include "neon.h"

namespace dsnet {
namespace {

struct DotProduct : Neon {
  using Neon::narrow;
  static void narrow(Vector x, Bf16* data) { vst1_u16(&data->bits, vreinterpret_u16_bf16(vcvt_bf16_f32(x))); }

  // vbfdotq_laneq_f32 by its instruction: clang copies the lane to a register of its own, and then spills.
  template <int lane>
  DSNET_INLINE static void add_dot_product(Vector& sum, bfloat16x8_t w, bfloat16x8_t x) {
    asm("bfdot %0.4s, %1.8h, %2.2h[%3]" : "+w"(sum) : "w"(w), "w"(x), "i"(lane));
  }

  // Steps 2 * pair and 2 * pair + 1.
  template <int rows, int pair>
  DSNET_INLINE static void accumulate_pair(Vector (&sums)[4 * rows], const bfloat16x8_t (&x)[rows], const Bf16* weights) {
    DSNET_UNROLL for (int j = 0; j < 4; ++j) {
      const bfloat16x8_t w = vreinterpretq_bf16_u16(vld1q_u16(&weights[pair * 2 * kPanel + 8 * j].bits));
      DSNET_UNROLL for (int i = 0; i < rows; ++i) add_dot_product<pair>(sums[4 * i + j], w, x[i]);
    }
  }

  // The first `count` of eight inputs, then zeros; all eight are read.
  static bfloat16x8_t first_inputs(const Bf16* input, int count) {
    alignas(16) static constexpr uint16_t kKeep[16] = {0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff};
    return vreinterpretq_bf16_u16(vandq_u16(vld1q_u16(&input->bits), vld1q_u16(kKeep + 8 - count)));
  }

  template <int rows, int vectors, bool, class In, class Weight>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride,
                                      const Weight* weights, ptrdiff_t panel_stride, int length) {
    if constexpr (std::is_same_v<Weight, float>) {
      Neon::accumulate<rows, vectors, false>(sums, input, input_stride, weights, panel_stride, length);
    } else {
      bfloat16x8_t x[rows];
      ptrdiff_t k = 0;
      for (; k + 8 <= length; k += 8, weights += ptrdiff_t{8} * kPanel) {
        opaque(k);
        DSNET_UNROLL for (int i = 0; i < rows; ++i) {
          x[i] = vreinterpretq_bf16_u16(vld1q_u16(&input[i * input_stride + k].bits));
        }
        accumulate_pair<rows, 0>(sums, x, weights);
        accumulate_pair<rows, 1>(sums, x, weights);
        accumulate_pair<rows, 2>(sums, x, weights);
        accumulate_pair<rows, 3>(sums, x, weights);
      }
      if (const int left = length - int(k); left > 0) {
        DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = first_inputs(input + i * input_stride + k, left);
        accumulate_pair<rows, 0>(sums, x, weights);
        if (left > 2) accumulate_pair<rows, 1>(sums, x, weights);
        if (left > 4) accumulate_pair<rows, 2>(sums, x, weights);
        if (left > 6) accumulate_pair<rows, 3>(sums, x, weights);
      }
    }
  }
};

int64_t exercise_pairs(int64_t steps) {
  return exercise<8>(steps, vdupq_n_f32(0), vreinterpretq_bf16_u16(vdupq_n_u16(0x3f00)), DotProduct::add_dot_product<0>);
}

}  // namespace

const Bf16Kernels kBf16NeonNativeKernels = simd_half_kernels<DotProduct, Bf16>("neon-bf16", exercise_pairs);

}  // namespace dsnet
