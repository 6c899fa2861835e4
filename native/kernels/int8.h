// The int8 kernels: the contract of kernels.h for feature maps of eight-bit integers, real = scale * (q - zero_point).
//
// Everything below speaks of q, -128 to 127. In memory a table of kernels keeps each q as the byte `q ^ flip`, its own choice:
// x86 multiplies unsigned by signed bytes and so keeps q + 128. Pixels are rows of channels whose stride is a multiple of 16
// bytes; whole rows may be read and whole panels written, and lanes beyond the channel count hold values nobody reads.
//
// Integer sums are exact, so every table agrees with the scalar one bit for bit.
#pragma once

#include "kernels.h"

namespace dsnet {

// Requantisation of an exact sum of (q - zero_point) * weight, channel by channel:
//   q = clamp(rint(fma(float(sum), scale, shift)), lo, hi), or without bounds of its own table[clamp(.., -128, 127) + 128].
// What is rounded is less than kMostSteps, so that it is an int32 before it is clamped.
constexpr float kMostSteps = 1 << 30;

struct Int8Epilogue {
  const float* scale;
  const float* shift;
  const int32_t* sums;  // of the weights: sum(q * w) - zero_point * sums[channel] is the sum above
  const int8_t* table;  // 256 elements, or null
  int lo, hi;           // where there is no table
};

// Panels of weights in groups of four steps: channel `o`, step `k` at data[(o / 16) * stride + k / 4 * 64 + o % 16 * 4 + k % 4].
// A group holds other paths' weights beyond `k`: there the inputs count as nothing.
struct Int8Pointwise {
  const int8_t* input;
  ptrdiff_t input_stride;
  int input_zero_point;
  int k;  // input channels
  const int8_t* weights;
  ptrdiff_t panel_stride;
  int8_t* output;
  ptrdiff_t output_stride;
  Int8Epilogue epilogue;
};

// Padded pixels are zero_point.
struct Int8Depthwise {
  const int8_t* input;  // [h, w, c]
  int h, w;
  int c;             // a multiple of 16
  ptrdiff_t stride;  // of a pixel, input and output alike
  int input_zero_point;
  Window window;
  const int8_t* taps;  // [kernel * kernel, taps_stride]
  ptrdiff_t taps_stride;
  int8_t* output;
  int out_w;
  Int8Epilogue epilogue;
};

// q = clamp(rint(fma(x, inverse_scale, zero_point)), -128, 127).
struct Int8Quantize {
  const float* input;
  float inverse_scale;
  int zero_point;
  int8_t* output;
};

// output = float(sum(q) - pixels * zero_point) * factor, with factor = scale / float(pixels).
struct Int8GlobalPool {
  const int8_t* input;
  int pixels;  // below 2^23, so that the sum is one of int32
  ptrdiff_t stride;
  int zero_point;
  float factor;
  float* output;
};

// q' = clamp(rint(fma(float(q - zero_point), factor * ratio, output_zero_point)), -128, 127), ratio being that of the scales.
// output may be input.
struct Int8Multiply {
  const int8_t* input;
  const float* factor;  // one a channel
  int c;                // a multiple of 16
  ptrdiff_t stride;
  int zero_point, output_zero_point;
  float ratio;
  int8_t* output;
};

// q' = clamp(rint(fma(float(q - zero_point), ratio, fma(float(other q - other_zero_point), other_ratio, output_zero_point))),
// lo, hi), each ratio being that of the scales. All are [pixels, c]; output may be either input.
struct Int8Add {
  const int8_t *input, *other;
  int c;  // a multiple of 16
  int zero_point, other_zero_point, output_zero_point;
  float ratio, other_ratio;
  int8_t* output;
  int lo, hi;
};

// The largest q under each window; nothing outside the input counts.
struct Int8MaxPool {
  const int8_t* input;  // [h, w, c]
  int h, w;
  int c;  // a multiple of 16, and the stride of a pixel
  Window window;
  int8_t* output;
  int out_w;
};

// q' = clamp(rint(fma(float(q - zero_point), factor, offset)), lo, hi), where factor and offset are what group norm makes of the
// moments of a panel, in double (int8_norm_affine). output may be input.
struct Int8GroupNorm {
  const int8_t* input;  // [pixels, c]
  int pixels;           // below 2^23
  ptrdiff_t stride;
  int zero_point, output_zero_point;
  float scale, output_scale, eps;
  const float *gamma, *beta;
  int8_t* output;
  int lo, hi;
};

// Factors and offsets of a panel, from sum(q - zero_point) and sum((q - zero_point)^2) over its pixels and channels.
void int8_norm_affine(const Int8GroupNorm& op, int64_t sum, int64_t squares, ptrdiff_t channel, float (&factor)[kPanel],
                      float (&offset)[kPanel]);

struct Int8Kernels {
  const char* name;
  uint8_t flip;
  int tile_rows, tile_panels;  // as in Kernels
  void (*pointwise)(const Int8Pointwise&, Range rows, Range panels);
  void (*depthwise)(const Int8Depthwise&, Range out_rows);
  void (*quantize)(const Int8Quantize&, Range elements);
  void (*global_pool)(const Int8GlobalPool&, Range panels);
  void (*multiply)(const Int8Multiply&, Range pixels);
  void (*add)(const Int8Add&, Range pixels);
  void (*max_pool)(const Int8MaxPool&, Range out_rows);
  void (*group_norm)(const Int8GroupNorm&, Range panels);
  int64_t (*exercise)(int64_t steps);  // as in Kernels, of the pointwise kernel
};

extern const Int8Kernels kInt8ScalarKernels;
extern const Int8Kernels kInt8Avx2Kernels;
extern const Int8Kernels kInt8VnniKernels;
extern const Int8Kernels kInt8NeonKernels;
extern const Int8Kernels kInt8NeonDotprodKernels;
extern const Int8Kernels kInt8NeonI8mmKernels;

}  // namespace dsnet
