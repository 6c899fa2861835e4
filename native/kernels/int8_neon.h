// The int8 kernels on NEON vectors. `Dot` is what an instruction set's file defines: how a tile of a pointwise convolution is
// summed. It is a type of an unnamed namespace there, and so is everything here: each file's code is its own.
#pragma once

#include <arm_neon.h>
#include <string.h>

#include "int8.h"
#include "simd_epilogue.h"

namespace dsnet {
namespace {

constexpr int kQuads = kPanel / 4;  // vectors of 32-bit sums in a panel

// 16 channels, four vectors.
struct Sums {
  int32x4_t quad[kQuads];
};

// What a sum starts from, so that sum((q - zero_point) * w) = first_sums + sum(q * w).
DSNET_INLINE Sums first_sums(const Int8Epilogue& epilogue, int zero_point, ptrdiff_t channel) {
  Sums first;
  DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
    first.quad[j] = vmulq_n_s32(vld1q_s32(epilogue.sums + channel + 4 * j), -zero_point);
  }
  return first;
}

DSNET_INLINE int8x16_t saturated(const int32x4_t (&q)[kQuads]) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(q[0]), q[1]), high = vqmovn_high_s32(vqmovn_s32(q[2]), q[3]);
  return vqmovn_high_s16(vqmovn_s16(low), high);
}

// 16 floats, a NaN as the least.
DSNET_INLINE int8x16_t rounded(const float32x4_t (&x)[kQuads]) {
  int32x4_t q[kQuads];
  DSNET_UNROLL for (int j = 0; j < kQuads; ++j) q[j] = vcvtnq_s32_f32(vmaxnmq_f32(x[j], vdupq_n_f32(-128)));
  return saturated(q);
}

DSNET_INLINE void widen(int8x16_t q, int8_t zero_point, float32x4_t (&x)[kQuads]) {
  const int16x8_t low = vsubl_s8(vget_low_s8(q), vdup_n_s8(zero_point)), high = vsubl_high_s8(q, vdupq_n_s8(zero_point));
  x[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(low)));
  x[1] = vcvtq_f32_s32(vmovl_high_s16(low));
  x[2] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(high)));
  x[3] = vcvtq_f32_s32(vmovl_high_s16(high));
}

// table[q + 128], a quarter of the table after another: an index outside a quarter leaves the result as it is.
template <int n>
DSNET_INLINE void look_up(const int8_t* table, int8x16_t (&q)[n]) {
  uint8x16_t index[n];
  int8x16x4_t quarter = vld1q_s8_x4(table);
  DSNET_UNROLL for (int i = 0; i < n; ++i) {
    index[i] = veorq_u8(vreinterpretq_u8_s8(q[i]), vdupq_n_u8(0x80));
    q[i] = vqtbl4q_s8(quarter, index[i]);
  }
  for (int part = 1; part < 4; ++part) {
    quarter = vld1q_s8_x4(table + part * 64);
    DSNET_UNROLL for (int i = 0; i < n; ++i) {
      index[i] = vsubq_u8(index[i], vdupq_n_u8(64));
      q[i] = vqtbx4q_s8(q[i], quarter, index[i]);
    }
  }
}

// The sums of `n` pixels, 16 channels from `channel` on, to bytes.
template <int n>
DSNET_INLINE void requantize(const Sums (&sums)[n], const Int8Epilogue& epilogue, ptrdiff_t channel, int8_t* output,
                             ptrdiff_t output_stride) {
  float32x4_t scale[kQuads], shift[kQuads];
  DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
    scale[j] = vld1q_f32(epilogue.scale + channel + 4 * j);
    shift[j] = vld1q_f32(epilogue.shift + channel + 4 * j);
  }
  const int8x16_t lo = vdupq_n_s8(static_cast<int8_t>(epilogue.lo)), hi = vdupq_n_s8(static_cast<int8_t>(epilogue.hi));
  int8x16_t q[n];
  DSNET_UNROLL for (int i = 0; i < n; ++i) {
    int32x4_t steps[kQuads];
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      steps[j] = vcvtnq_s32_f32(vfmaq_f32(shift[j], vcvtq_f32_s32(sums[i].quad[j]), scale[j]));
    }
    q[i] = vmaxq_s8(vminq_s8(saturated(steps), hi), lo);
  }
  if (epilogue.table != nullptr) look_up(epilogue.table, q);
  DSNET_UNROLL for (int i = 0; i < n; ++i) vst1q_s8(output + i * output_stride, q[i]);
}

// Of 16 inputs of a row, those beyond the first `n` become zero.
DSNET_INLINE int8x16_t first_bytes(const int8_t* data, int n) {
  static constexpr uint8_t kMask[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  return vandq_s8(vld1q_s8(data), vreinterpretq_s8_u8(vld1q_u8(kMask + 16 - n)));
}

template <class Dot, int rows>
void tile(const Int8Pointwise& op, const int8_t* input, const int8_t* weights, int8_t* output, ptrdiff_t channel) {
  Sums sums[rows];
  Dot::template accumulate<rows>(sums, first_sums(op.epilogue, op.input_zero_point, channel), op, input, weights);
  requantize(sums, op.epilogue, channel, output, op.output_stride);
}

// The last, shorter tile of a column.
template <class Dot, int rows>
void short_tile(int n, const Int8Pointwise& op, const int8_t* input, const int8_t* weights, int8_t* output, ptrdiff_t channel) {
  if constexpr (rows > 0) {
    if (n == rows) return tile<Dot, rows>(op, input, weights, output, channel);
    short_tile<Dot, rows - 1>(n, op, input, weights, output, channel);
  }
}

template <class Dot>
void pointwise(const Int8Pointwise& op, Range rows, Range panels) {
  for (int panel = panels.begin; panel < panels.end; ++panel) {
    const int8_t* weights = op.weights + panel * op.panel_stride;
    const ptrdiff_t channel = ptrdiff_t(panel) * kPanel;
    const int8_t* input = op.input + rows.begin * op.input_stride;
    int8_t* output = op.output + rows.begin * op.output_stride + channel;
    int n = rows.end - rows.begin;
    for (; n >= Dot::tile_rows; n -= Dot::tile_rows) {
      tile<Dot, Dot::tile_rows>(op, input, weights, output, channel);
      input += Dot::tile_rows * op.input_stride;
      output += Dot::tile_rows * op.output_stride;
    }
    short_tile<Dot, Dot::tile_rows - 1>(n, op, input, weights, output, channel);
  }
}

// One output pixel: 16 channels of the pixels below each tap. Two products fit 16 bits, as weights are above -128.
template <int n_taps>
DSNET_INLINE void add_taps(Sums& sums, const int8_t* const* pixels, ptrdiff_t c, const int8_t* taps, ptrdiff_t taps_stride,
                           int count) {
  int32x4_t(&sum)[kQuads] = sums.quad;
  const auto add = [&](int16x8_t low, int16x8_t high) __attribute__((always_inline)) {
    sum[0] = vaddw_s16(sum[0], vget_low_s16(low));
    sum[1] = vaddw_high_s16(sum[1], low);
    sum[2] = vaddw_s16(sum[2], vget_low_s16(high));
    sum[3] = vaddw_high_s16(sum[3], high);
  };
  const int n = n_taps > 0 ? n_taps : count;
  DSNET_UNROLL for (int t = 0; t + 2 <= n; t += 2) {
    const int8x16_t x = vld1q_s8(pixels[t] + c), w = vld1q_s8(taps + t * taps_stride);
    const int8x16_t x2 = vld1q_s8(pixels[t + 1] + c), w2 = vld1q_s8(taps + (t + 1) * taps_stride);
    add(vmlal_s8(vmull_s8(vget_low_s8(x), vget_low_s8(w)), vget_low_s8(x2), vget_low_s8(w2)),
        vmlal_high_s8(vmull_high_s8(x, w), x2, w2));
  }
  if (n % 2 != 0) {
    const int8x16_t x = vld1q_s8(pixels[n - 1] + c), w = vld1q_s8(taps + (n - 1) * taps_stride);
    add(vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w));
  }
}

// `n_taps` 0 stands for any window. Channels are taken in blocks, which bounds the pixel that stands for the padding.
template <int n_taps>
void depthwise_rows(const Int8Depthwise& op, Range out_rows) {
  constexpr int kBlock = 512, kMostTaps = 64 * 64;
  const auto [kernel, stride, padding] = op.window;
  int8_t outside[kBlock];
  memset(outside, op.input_zero_point, sizeof outside);
  const int8_t* pixels[n_taps > 0 ? n_taps : kMostTaps];
  for (int begin = 0; begin < op.c; begin += kBlock) {
    const int size = op.c - begin < kBlock ? op.c - begin : kBlock;
    for (int y = out_rows.begin; y < out_rows.end; ++y) {
      for (int x = 0; x < op.out_w; ++x) {
        int count = 0;
        for (int in_y = y * stride - padding; in_y < y * stride - padding + kernel; ++in_y) {
          for (int in_x = x * stride - padding; in_x < x * stride - padding + kernel; ++in_x) {
            const bool inside = in_y >= 0 && in_y < op.h && in_x >= 0 && in_x < op.w;
            pixels[count++] = inside ? op.input + (ptrdiff_t(in_y) * op.w + in_x) * op.stride + begin : outside;
          }
        }
        int8_t* output = op.output + (ptrdiff_t(y) * op.out_w + x) * op.stride + begin;
        for (int c = 0; c < size; c += kPanel) {
          Sums sums[1] = {first_sums(op.epilogue, op.input_zero_point, begin + c)};
          add_taps<n_taps>(sums[0], pixels, c, op.taps + begin + c, op.taps_stride, count);
          requantize(sums, op.epilogue, begin + c, output + c, 0);
        }
      }
    }
  }
}

inline void depthwise(const Int8Depthwise& op, Range out_rows) {
  if (op.window.kernel == 3) return depthwise_rows<9>(op, out_rows);
  if (op.window.kernel == 5) return depthwise_rows<25>(op, out_rows);
  depthwise_rows<0>(op, out_rows);
}

inline void quantize(const Int8Quantize& op, Range elements) {
  const auto block = [&](const float* input) __attribute__((always_inline)) {
    float32x4_t x[kQuads];
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      x[j] = vfmaq_n_f32(vdupq_n_f32(static_cast<float>(op.zero_point)), vld1q_f32(input + 4 * j), op.inverse_scale);
    }
    return rounded(x);
  };
  int i = elements.begin;
  for (; i + kPanel <= elements.end; i += kPanel) vst1q_s8(op.output + i, block(op.input + i));
  if (const auto left = static_cast<size_t>(elements.end - i); left > 0) {
    float input[kPanel] = {};
    memcpy(input, op.input + i, left * sizeof(float));
    int8_t output[kPanel];
    vst1q_s8(output, block(input));
    memcpy(op.output + i, output, left);
  }
}

// Sums of 16 bits hold 255 pixels.
inline void global_pool(const Int8GlobalPool& op, Range panels) {
  for (ptrdiff_t c = ptrdiff_t(panels.begin) * kPanel; c < ptrdiff_t(panels.end) * kPanel; c += kPanel) {
    int32x4_t sums[kQuads];
    DSNET_UNROLL for (auto& sum : sums) sum = vdupq_n_s32(-op.pixels * op.zero_point);
    const int8_t* input = op.input + c;
    for (int left = op.pixels; left > 0; left -= 255) {
      int16x8_t low = vdupq_n_s16(0), high = low;
      for (int i = 0; i < (left < 255 ? left : 255); ++i, input += op.stride) {
        const int8x16_t q = vld1q_s8(input);
        low = vaddw_s8(low, vget_low_s8(q));
        high = vaddw_high_s8(high, q);
      }
      sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
      sums[1] = vaddw_high_s16(sums[1], low);
      sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
      sums[3] = vaddw_high_s16(sums[3], high);
    }
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j)
        vst1q_f32(op.output + c + 4 * j, vmulq_n_f32(vcvtq_f32_s32(sums[j]), op.factor));
  }
}

inline void multiply(const Int8Multiply& op, Range pixels) {
  const float32x4_t zero_point = vdupq_n_f32(static_cast<float>(op.output_zero_point));
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
    float32x4_t factor[kQuads];
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) factor[j] = vmulq_n_f32(vld1q_f32(op.factor + c + 4 * j), op.ratio);
    for (ptrdiff_t at = pixels.begin * op.stride + c; at < pixels.end * op.stride; at += op.stride) {
      float32x4_t x[kQuads];
      widen(vld1q_s8(op.input + at), static_cast<int8_t>(op.zero_point), x);
      DSNET_UNROLL for (int j = 0; j < kQuads; ++j) x[j] = vfmaq_f32(zero_point, x[j], factor[j]);
      vst1q_s8(op.output + at, rounded(x));
    }
  }
}

template <class Dot>
constexpr Int8Kernels neon_int8_kernels(const char* name) {
  return {name, 0, Dot::tile_rows, 1, pointwise<Dot>, depthwise, quantize, global_pool, multiply};
}

}  // namespace
}  // namespace dsnet
