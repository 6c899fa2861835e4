// NEON: 6 rows x 1 panel (24 sums), the 6 rows' inputs and two weights fill the 32 registers. Four inputs of a row are loaded
// at once and multiplied by lane, which spares the broadcasts that in-order cores pay for.
#include <arm_neon.h>
#include <string.h>

#include "simd_depthwise.h"

namespace dsnet {
namespace {

struct Neon {
  using Vector = float32x4_t;
  static constexpr int lanes = 4;
  static constexpr int tile_rows = 6, tile_panels = 1, single_tile_rows = 6;
  static constexpr bool prefetches = false;

  static Vector broadcast(float x) { return vdupq_n_f32(x); }
  static Vector from_bytes(const int8_t* data) {
    int32_t bytes;
    memcpy(&bytes, data, sizeof bytes);
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(static_cast<uint32_t>(bytes))))));
  }
  static Vector fma(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }
  static Vector min(Vector a, Vector b) { return vminq_f32(a, b); }
  static Vector max(Vector a, Vector b) { return vmaxq_f32(a, b); }

  static Vector exp2(Vector x) { return polynomial_exp2<Neon>(x); }
  static Vector limit_exponent(Vector x) { return min(max(x, broadcast(-126)), broadcast(126)); }
  static Vector fraction(Vector x) { return x - vrndmq_f32(x); }
  static Vector scale_by_power(Vector x, Vector power) {
    return x * vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtmq_s32_f32(power), vdupq_n_s32(127)), 23));
  }

  template <int rows, int vectors, int lane>
  DSNET_INLINE static void step(Vector (&sums)[rows * vectors], const Vector (&x)[rows], const float* weights,
                                ptrdiff_t panel_stride) {
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const Vector w = load<Neon>(weights + lane * kPanel + vector_offset<Neon>(j, panel_stride));
      DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i * vectors + j] = vfmaq_laneq_f32(sums[i * vectors + j], w, x[i], lane);
    }
  }

  template <int rows, int vectors, bool>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], const float* input, ptrdiff_t input_stride,
                                      const float* weights, ptrdiff_t panel_stride, int length) {
    ptrdiff_t k = 0;
    for (; k + 4 <= length; k += 4, weights += ptrdiff_t{4} * kPanel) {
      opaque(k);
      Vector x[rows];
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = vld1q_f32(input + i * input_stride + k);
      step<rows, vectors, 0>(sums, x, weights, panel_stride);
      step<rows, vectors, 1>(sums, x, weights, panel_stride);
      step<rows, vectors, 2>(sums, x, weights, panel_stride);
      step<rows, vectors, 3>(sums, x, weights, panel_stride);
    }
    dsnet::accumulate<Neon, rows, vectors>(sums, input + k, input_stride, weights, panel_stride, length - int(k));
  }
};

}  // namespace

const Kernels kNeonKernels = simd_kernels<Neon>("neon");

}  // namespace dsnet
