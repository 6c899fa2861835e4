// NEON: 6 rows x 1 panel (24 sums), the 6 rows' inputs and two weights fill the 32 registers. Four inputs of a row are loaded
// at once and multiplied by lane, which spares the broadcasts that in-order cores pay for.
#pragma once

#include <arm_neon.h>

#include "simd_depthwise.h"

namespace dsnet {
namespace {

struct Neon {
  using Vector = float32x4_t;
  static constexpr int lanes = 4;
  static constexpr int tile_rows = 6, tile_panels = 1, single_tile_rows = 6;
  static constexpr bool prefetches = false;

  static Vector broadcast(float x) { return vdupq_n_f32(x); }
  static void widen(const int8_t* data, Vector (&panel)[4]) {
    const int8x16_t bytes = vld1q_s8(data);
    const int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);
    panel[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(low)));
    panel[1] = vcvtq_f32_s32(vmovl_high_s16(low));
    panel[2] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(high)));
    panel[3] = vcvtq_f32_s32(vmovl_high_s16(high));
  }
  static Vector widen(const Fp16* data) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(&data->bits))); }
  static Vector widen(const Bf16* data) { return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(&data->bits)), 16)); }
  static void narrow(Vector x, Fp16* data) { vst1_u16(&data->bits, vreinterpret_u16_f16(vcvt_f16_f32(x))); }
  static void narrow(Vector x, Bf16* data) {
    const uint32x4_t bits = vreinterpretq_u32_f32(x), last = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(last, vdupq_n_u32(0x7fff)));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    vst1_u16(&data->bits, vshrn_n_u32(vbslq_u32(vceqq_f32(x, x), rounded, quiet), 16));
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

  // Vector `j` of a step, of four steps that begin at `weights`.
  template <int step, class Weight>
  DSNET_INLINE static Vector weight(const Weight* weights, int j, ptrdiff_t panel_stride) {
    if constexpr (std::is_same_v<Weight, Bf16>) {
      const uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16(&weights[step / 2 * 2 * kPanel + 2 * lanes * j].bits));
      return vreinterpretq_f32_u32(step % 2 == 0 ? vshlq_n_u32(pairs, 16) : vandq_u32(pairs, vdupq_n_u32(0xffff0000)));
    } else {
      return load<Neon>(weights + step * kPanel + vector_offset<Neon>(j, panel_stride));
    }
  }

  template <int rows, int vectors, int step, class Weight>
  DSNET_INLINE static void accumulate_step(Vector (&sums)[rows * vectors], const Vector (&x)[rows], const Weight* weights,
                                           ptrdiff_t panel_stride) {
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const Vector w = weight<step>(weights, j, panel_stride);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i * vectors + j] = vfmaq_laneq_f32(sums[i * vectors + j], w, x[i], step);
    }
  }

  template <int rows, int vectors, bool, class In, class Weight>
  DSNET_INLINE static void accumulate(Vector (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride,
                                      const Weight* weights, ptrdiff_t panel_stride, int length) {
    ptrdiff_t k = 0;
    Vector x[rows];
    for (; k + 4 <= length; k += 4, weights += ptrdiff_t{4} * kPanel) {
      opaque(k);
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = load<Neon>(input + i * input_stride + k);
      accumulate_step<rows, vectors, 0>(sums, x, weights, panel_stride);
      accumulate_step<rows, vectors, 1>(sums, x, weights, panel_stride);
      accumulate_step<rows, vectors, 2>(sums, x, weights, panel_stride);
      accumulate_step<rows, vectors, 3>(sums, x, weights, panel_stride);
    }
    const int left = length - int(k);
    if constexpr (std::is_same_v<Weight, float>) {
      dsnet::accumulate<Neon, rows, vectors>(sums, input + k, input_stride, weights, panel_stride, left);
    } else if (left > 0) {  // whole rows of a map may be read
      DSNET_UNROLL for (int i = 0; i < rows; ++i) x[i] = load<Neon>(input + i * input_stride + k);
      accumulate_step<rows, vectors, 0>(sums, x, weights, panel_stride);
      if (left > 1) accumulate_step<rows, vectors, 1>(sums, x, weights, panel_stride);
      if (left > 2) accumulate_step<rows, vectors, 2>(sums, x, weights, panel_stride);
    }
  }
};

}  // namespace
}  // namespace dsnet
