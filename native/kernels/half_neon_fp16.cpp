// fp16 with its own arithmetic (Cortex-A55, A75, A76 and later): 7 rows x 1 panel (14 sums of eight), as 7 divides the usual
// 14 x 14 and 7 x 7 maps. Sums of kRun steps are fp16, and are added up in float32: on its own each would lose a bit for every
// fourfold of its length, and 64 steps cost a twelfth more instructions than no end at all.
#include "half.h"
#include "neon.h"

namespace dsnet {
namespace {

constexpr int kRun = 64;

struct Arithmetic : Neon {
  static constexpr int tile_rows = 7, single_tile_rows = 7;

  static float16x8_t load8(const Fp16* data) { return vreinterpretq_f16_u16(vld1q_u16(&data->bits)); }

  template <int rows, int step>
  DSNET_INLINE static void accumulate_step(float16x8_t (&sums)[2 * rows], const float16x8_t (&x)[rows], const Fp16* weights) {
    DSNET_UNROLL for (int j = 0; j < 2; ++j) {
      const float16x8_t w = load8(weights + step * kPanel + 8 * j);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[2 * i + j] = vfmaq_laneq_f16(sums[2 * i + j], w, x[i], step);
    }
  }

  // Up to eight steps from `step` on.
  template <int rows, int step = 0>
  DSNET_INLINE static void accumulate_steps(float16x8_t (&sums)[2 * rows], const float16x8_t (&x)[rows], const Fp16* weights,
                                            int steps) {
    if constexpr (step < 8) {
      if (step >= steps) return;
      accumulate_step<rows, step>(sums, x, weights);
      accumulate_steps<rows, step + 1>(sums, x, weights, steps);
    }
  }

  // At most kRun steps.
  template <int rows>
  DSNET_INLINE static void accumulate_run(Vector (&sums)[4 * rows], const Fp16* input, ptrdiff_t input_stride,
                                          const Fp16* weights, int length) {
    float16x8_t partial[2 * rows], x[rows];
    DSNET_UNROLL for (auto& sum : partial) sum = vdupq_n_f16(0);
    ptrdiff_t k = 0;
    for (; k + 8 <= length; k += 8, weights += ptrdiff_t{8} * kPanel) {
      opaque(k);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = load8(input + i * input_stride + k);
      accumulate_steps<rows>(partial, x, weights, 8);
    }
    if (k < length) {  // whole rows may be read
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = load8(input + i * input_stride + k);
      accumulate_steps<rows>(partial, x, weights, length - int(k));
    }
    DSNET_UNROLL for (int i = 0; i < 2 * rows; ++i) {
      sums[2 * i] = sums[2 * i] + vcvt_f32_f16(vget_low_f16(partial[i]));
      sums[2 * i + 1] = sums[2 * i + 1] + vcvt_high_f32_f16(partial[i]);
    }
  }

  template <int rows, int vectors, bool, class In, class Weight>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride,
                                      const Weight* weights, ptrdiff_t panel_stride, int length) {
    if constexpr (std::is_same_v<Weight, float>) {
      Neon::accumulate<rows, vectors, false>(sums, input, input_stride, weights, panel_stride, length);
    } else {
      for (; length > 0; length -= kRun, input += kRun, weights += ptrdiff_t{kRun} * kPanel) {
        accumulate_run<rows>(sums, input, input_stride, weights, length < kRun ? length : kRun);
      }
    }
  }
};

int64_t exercise_eights(int64_t steps) {
  const auto step = [](float16x8_t& sum, float16x8_t a, float16x8_t b) { sum = vfmaq_laneq_f16(sum, a, b, 0); };
  return exercise<8>(steps, vdupq_n_f16(0), vdupq_n_f16(0.5F), step);
}

}  // namespace

const Fp16Kernels kFp16NeonNativeKernels = simd_half_kernels<Arithmetic, Fp16>("neon-fp16", exercise_eights);

}  // namespace dsnet
