// The int8 kernels on NEON vectors. `Dot` is what an instruction set's file defines: how a tile of a pointwise convolution is
// summed. It is a type of an unnamed namespace there, and so is everything here: each file's code is its own.
#pragma once

#include <arm_neon.h>
#include <string.h>

#include "int8.h"
#include "int8_norm.h"
#include "peak.h"
#include "simd_epilogue.h"

namespace dsnet {
namespace {

template <int n>
struct Count {
  static constexpr int value = n;
};

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

DSNET_INLINE void widen(int8x16_t q, int8x16_t zero_point, float32x4_t (&x)[kQuads]) {
  const int16x8_t low = vsubl_s8(vget_low_s8(q), vget_low_s8(zero_point)), high = vsubl_high_s8(q, zero_point);
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
  int8x16_t q[n];
  DSNET_UNROLL for (int i = 0; i < n; ++i) {
    int32x4_t steps[kQuads];
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      steps[j] = vcvtnq_s32_f32(vfmaq_f32(shift[j], vcvtq_f32_s32(sums[i].quad[j]), scale[j]));
    }
    q[i] = saturated(steps);
  }
  if (epilogue.table != nullptr) {
    look_up(epilogue.table, q);
  } else {
    const int8x16_t lo = vdupq_n_s8(static_cast<int8_t>(epilogue.lo)), hi = vdupq_n_s8(static_cast<int8_t>(epilogue.hi));
    DSNET_UNROLL for (int i = 0; i < n; ++i) q[i] = vmaxq_s8(vminq_s8(q[i], hi), lo);
  }
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

// Adds taps `t` and `t + 1` (or the last one alone) of a pixel: two products fit 16 bits, as weights are above -128.
template <class Pixel>
DSNET_INLINE void add_taps(Sums& sums, int t, int n_taps, const Pixel& pixel, const int8_t* taps, ptrdiff_t taps_stride) {
  const int8x16_t x = vld1q_s8(pixel(t)), w = vld1q_s8(taps + t * taps_stride);
  int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w)), high = vmull_high_s8(x, w);
  if (t + 1 < n_taps) {
    const int8x16_t x2 = vld1q_s8(pixel(t + 1)), w2 = vld1q_s8(taps + (t + 1) * taps_stride);
    low = vmlal_s8(low, vget_low_s8(x2), vget_low_s8(w2));
    high = vmlal_high_s8(high, x2, w2);
  }
  sums.quad[0] = vaddw_s16(sums.quad[0], vget_low_s16(low));
  sums.quad[1] = vaddw_high_s16(sums.quad[1], low);
  sums.quad[2] = vaddw_s16(sums.quad[2], vget_low_s16(high));
  sums.quad[3] = vaddw_high_s16(sums.quad[3], high);
}

// `n` neighbouring pixels of one row, 16 channels, their windows inside the image.
template <int kernel, int n>
DSNET_INLINE void depthwise_tile(const Int8Depthwise& op, const Sums& first, const int8_t* origin, ptrdiff_t channel,
                                 int8_t* output) {
  constexpr int n_taps = kernel * kernel;
  Sums sums[n];
  DSNET_UNROLL for (int i = 0; i < n; ++i) {
    const auto pixel = [&](int t) { return origin + ((t / kernel) * op.w + t % kernel + i * op.window.stride) * op.stride; };
    sums[i] = first;
    DSNET_UNROLL for (int t = 0; t < n_taps; t += 2) add_taps(sums[i], t, n_taps, pixel, op.taps + channel, op.taps_stride);
  }
  requantize(sums, op.epilogue, channel, output, op.stride);
}

// Pixels `columns` of an output row, their windows inside the image.
template <int kernel>
void depthwise_inside(const Int8Depthwise& op, int y, Range columns) {
  const int stride = op.window.stride, padding = op.window.padding;
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
    const Sums first = first_sums(op.epilogue, op.input_zero_point, c);
    int x = columns.begin;
    const auto tiles = [&](auto count) __attribute__((always_inline)) {
      constexpr int n = decltype(count)::value;
      for (; x + n <= columns.end; x += n) {
        const int8_t* origin = op.input + (ptrdiff_t(y * stride - padding) * op.w + x * stride - padding) * op.stride + c;
        depthwise_tile<kernel, n>(op, first, origin, c, op.output + (ptrdiff_t(y) * op.out_w + x) * op.stride + c);
      }
    };
    tiles(Count<4>());
    tiles(Count<1>());
  }
}

// One output pixel; `size` 0 stands for any window. Channels are taken in blocks, which bounds the pixel that stands for the
// padding.
template <int size>
void depthwise_pixel(const Int8Depthwise& op, int y, int x) {
  constexpr int kBlock = 512, kMostTaps = size > 0 ? size * size : 64 * 64;
  const int kernel = size > 0 ? size : op.window.kernel, n_taps = kernel * kernel;
  const int stride = op.window.stride, padding = op.window.padding;
  int8_t outside[kBlock];
  memset(outside, op.input_zero_point, sizeof outside);
  const int8_t* pixels[kMostTaps];
  for (int begin = 0; begin < op.c; begin += kBlock) {
    const int8_t** next = pixels;
    for (int in_y = y * stride - padding; in_y < y * stride - padding + kernel; ++in_y) {
      for (int in_x = x * stride - padding; in_x < x * stride - padding + kernel; ++in_x) {
        const bool inside = in_y >= 0 && in_y < op.h && in_x >= 0 && in_x < op.w;
        *next++ = inside ? op.input + (ptrdiff_t(in_y) * op.w + in_x) * op.stride + begin : outside;
      }
    }
    for (int c = begin; c < op.c && c < begin + kBlock; c += kPanel) {
      Sums sums[1] = {first_sums(op.epilogue, op.input_zero_point, c)};
      const auto pixel = [&](int t) { return pixels[t] + (c - begin); };
      if constexpr (size > 0) {
        DSNET_UNROLL for (int t = 0; t < n_taps; t += 2) add_taps(sums[0], t, n_taps, pixel, op.taps + c, op.taps_stride);
      } else {
        for (int t = 0; t < n_taps; t += 2) add_taps(sums[0], t, n_taps, pixel, op.taps + c, op.taps_stride);
      }
      requantize(sums, op.epilogue, c, op.output + (ptrdiff_t(y) * op.out_w + x) * op.stride + c, 0);
    }
  }
}

// Output positions whose whole window lies inside the input.
inline Range inside(int size, int out_size, const Window& window) {
  const int begin = (window.padding + window.stride - 1) / window.stride;
  const int end = size + window.padding < window.kernel ? 0 : (size + window.padding - window.kernel) / window.stride + 1;
  const int last = end < out_size ? end : out_size;
  return {begin < last ? begin : last, last};
}

// `kernel` 0 stands for any.
template <int kernel>
void depthwise_rows(const Int8Depthwise& op, Range out_rows) {
  const Range rows = inside(op.h, out_rows.end, op.window), columns = inside(op.w, op.out_w, op.window);
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    Range done = {0, 0};
    if constexpr (kernel > 0) {
      if (y >= rows.begin && y < rows.end) {
        done = columns;
        depthwise_inside<kernel>(op, y, columns);
      }
    }
    for (int x = 0; x < done.begin; ++x) depthwise_pixel<kernel>(op, y, x);
    for (int x = done.end; x < op.out_w; ++x) depthwise_pixel<kernel>(op, y, x);
  }
}

inline void depthwise(const Int8Depthwise& op, Range out_rows) {
  if (op.window.kernel == 3) return depthwise_rows<3>(op, out_rows);
  if (op.window.kernel == 5) return depthwise_rows<5>(op, out_rows);
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
  const float32x4_t shift = vdupq_n_f32(static_cast<float>(op.output_zero_point)), most = vdupq_n_f32(1 << 20);
  const int8x16_t zero_point = vdupq_n_s8(static_cast<int8_t>(op.zero_point));
  const ptrdiff_t stride = op.stride;
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
    float32x4_t factor[kQuads];  // beyond `most` every product saturates
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      factor[j] = vmulq_n_f32(vld1q_f32(op.factor + c + 4 * j), op.ratio);
      factor[j] = vmaxnmq_f32(vminnmq_f32(factor[j], most), -most);
    }
    const int8_t* input = op.input + pixels.begin * stride + c;
    int8_t* output = op.output + pixels.begin * stride + c;
    for (int pixel = pixels.begin; pixel < pixels.end; ++pixel, input += stride, output += stride) {
      float32x4_t x[kQuads];
      int32x4_t q[kQuads];
      widen(vld1q_s8(input), zero_point, x);
      DSNET_UNROLL for (int j = 0; j < kQuads; ++j) q[j] = vcvtnq_s32_f32(vfmaq_f32(shift, x[j], factor[j]));
      vst1q_s8(output, saturated(q));
    }
  }
}

inline void add(const Int8Add& op, Range pixels) {
  const float32x4_t shift = vdupq_n_f32(static_cast<float>(op.output_zero_point));
  const int8x16_t zero_point = vdupq_n_s8(static_cast<int8_t>(op.zero_point));
  const int8x16_t other_zero_point = vdupq_n_s8(static_cast<int8_t>(op.other_zero_point));
  const int8x16_t lo = vdupq_n_s8(static_cast<int8_t>(op.lo)), hi = vdupq_n_s8(static_cast<int8_t>(op.hi));
  for (ptrdiff_t i = ptrdiff_t(pixels.begin) * op.c; i < ptrdiff_t(pixels.end) * op.c; i += kPanel) {
    float32x4_t x[kQuads], other[kQuads];
    int32x4_t q[kQuads];
    widen(vld1q_s8(op.input + i), zero_point, x);
    widen(vld1q_s8(op.other + i), other_zero_point, other);
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      q[j] = vcvtnq_s32_f32(vfmaq_n_f32(vfmaq_n_f32(shift, other[j], op.other_ratio), x[j], op.ratio));
    }
    vst1q_s8(op.output + i, vmaxq_s8(vminq_s8(saturated(q), hi), lo));
  }
}

template <class Dot>
int64_t exercise_products(int64_t steps) {
  return exercise<Dot::madds>(steps, vdupq_n_s32(0), vdupq_n_s8(3), Dot::add_products);
}

template <class Dot>
constexpr Int8Kernels neon_int8_kernels(const char* name) {
  return {name,
          0,
          Dot::tile_rows,
          1,
          pointwise<Dot>,
          depthwise,
          quantize,
          global_pool,
          multiply,
          add,
          int8_max_pool<0>,
          int8_group_norm<0>,
          exercise_products<Dot>};
}

}  // namespace
}  // namespace dsnet
