// The contract between the runtime and the kernels: one table of functions for each instruction set.
//
// Activations are rows of pixels, channels innermost, each pixel starting at a multiple of `stride` elements. Kernels write
// whole panels (16 channels), so the stride of what they write is a multiple of 16 and the data 64-byte aligned; lanes
// beyond the channel count hold values nobody reads. A kernel computes the part of the output named by its ranges, and
// every output is summed in one order whatever the ranges are: results do not depend on how the work is split.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dsnet {

constexpr int kPanel = 16;  // output channels in one panel of weights

enum class Activation : uint8_t { none, relu, relu6, silu, sigmoid, one_plus_tanh };

// Sixteen-bit floats, as their bits. `Map` below is what feature maps are stored as: float, or one of these (half.h).
struct Bf16 {
  uint16_t bits;
};
struct Fp16 {
  uint16_t bits;
};

struct Range {
  int begin, end;
};

// y = activation(scale * x + shift), channel by channel; a null scale means 1, a null shift 0.
struct Epilogue {
  const float* scale;
  const float* shift;
  Activation activation;
};

// Panels of weights: channel `o`, step `k` at data[(o / 16) * stride + k * 16 + o % 16]. Bf16 is grouped by two steps, but for
// linear layers: at data[(o / 16) * stride + k / 2 * 32 + o % 16 * 2 + k % 2].
template <class Weight>
struct PanelsOf {
  const Weight* data;
  ptrdiff_t stride;
};

// output[row] = epilogue(input[row] * weights): a pointwise convolution over pixels, or a linear layer over one row of floats.
template <class Map>
struct GemmOf {
  const Map* input;
  ptrdiff_t input_stride;
  int k;  // input channels
  PanelsOf<Map> weights;
  Map* output;
  ptrdiff_t output_stride;
  Epilogue epilogue;
};

// One row of floats times weights of another type, laid out as in Panels. The scale of integers is part of the epilogue's.
template <class Weight>
struct LinearOf {
  const float* input;
  int k;
  const Weight* weights;
  ptrdiff_t panel_stride;
  float* output;
  Epilogue epilogue;
};

struct Window {
  int kernel, stride, padding;
};

// The steps of a dense convolution come in blocks of input channels, and in a block tap by tap: a path that takes the first
// blocks takes the first steps. Inputs that are no multiple of 16, and the same on all paths, are one block.
constexpr int conv2d_block(int c_in) { return c_in % kPanel == 0 ? kPanel : c_in; }

template <class In, class Map>
struct Conv2dOf {
  const In* input;  // [h, w, c_in]: a map, or the image
  int h, w, c_in;
  ptrdiff_t input_stride;
  Window window;
  PanelsOf<float> weights;
  Map* output;  // [.., out_w, c_out]
  int out_w;
  ptrdiff_t output_stride;
  Epilogue epilogue;
};

template <class Map>
struct DepthwiseOf {
  const Map* input;  // [h, w, c]
  int h, w;
  int c;             // a multiple of 16
  ptrdiff_t stride;  // of a pixel, input and output alike
  Window window;
  const float* taps;  // [kernel * kernel, taps_stride]
  ptrdiff_t taps_stride;
  Map* output;
  int out_w;
  Epilogue epilogue;
  float* row_sums;  // [out_h, stride]: the sum of each output row, unrounded, for the pool that follows; null if none does
};

// output = factor * the sum of `rows` rows: of pixels, or of row_sums.
template <class Map>
struct GlobalPoolOf {
  const Map* input;
  int rows;
  ptrdiff_t stride;
  float* output;
  float factor;
};

// output may be input.
template <class Map>
struct MultiplyOf {
  const Map* input;
  const float* factor;  // one a channel
  int c;                // a multiple of 16
  ptrdiff_t stride;
  Map* output;
};

// output = activation(input + other), all [pixels, c]; output may be either.
template <class Map>
struct AddOf {
  const Map *input, *other;
  int c;  // a multiple of 16
  Activation activation;
  Map* output;
};

// The largest input under each window; nothing outside the input counts.
template <class Map>
struct MaxPoolOf {
  const Map* input;  // [h, w, c]
  int h, w;
  int c;  // a multiple of 16, and the stride of a pixel
  Window window;
  Map* output;
  int out_w;
};

// output = activation(scale * (x - mean) / sqrt(var + eps) + shift), mean and variance being those of the pixels and the 16
// channels of a panel. output may be input.
template <class Map>
struct GroupNormOf {
  const Map* input;  // [pixels, c]
  int pixels;
  ptrdiff_t stride;
  float eps;
  Map* output;
  Epilogue epilogue;  // with scale and shift
};

using Panels = PanelsOf<float>;
using Gemm = GemmOf<float>;
using LinearI8 = LinearOf<int8_t>;
using Conv2d = Conv2dOf<float, float>;
using Depthwise = DepthwiseOf<float>;
using GlobalPool = GlobalPoolOf<float>;
using Multiply = MultiplyOf<float>;
using Add = AddOf<float>;
using MaxPool = MaxPoolOf<float>;
using GroupNorm = GroupNormOf<float>;

struct Kernels {
  const char* isa;
  int tile_rows;  // rows and panels of the largest register tile: split the work in multiples of these
  int tile_panels;
  void (*gemm)(const Gemm&, Range rows, Range panels);
  void (*linear)(const Gemm&, Range panels);
  void (*linear_i8)(const LinearI8&, Range panels);
  void (*conv2d)(const Conv2d&, Range out_rows, Range panels);
  void (*depthwise)(const Depthwise&, Range out_rows);
  void (*global_pool)(const GlobalPool&, Range panels);
  void (*multiply)(const Multiply&, Range pixels);
  void (*add)(const Add&, Range pixels);
  void (*max_pool)(const MaxPool&, Range out_rows);
  void (*group_norm)(const GroupNorm&, Range panels);
  // Multiply-adds as the gemm makes them, from registers alone (peak.h): some in each of the steps. Returns how many.
  int64_t (*exercise)(int64_t steps);
};

extern const Kernels kScalarKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kNeonKernels;

}  // namespace dsnet
