// Dense convolution of integers: the inputs under the windows of a strip of outputs, side by side, are what a pointwise
// convolution takes.
#pragma once

#include "int8.h"

namespace dsnet {

constexpr int kMostConv2dSteps = 8192;  // kernel * kernel * c_in

struct Int8Conv2d {
  Int8Pointwise pointwise;  // k = kernel * kernel * c_in; its input is not used
  const int8_t* input;      // [h, w, c_in], readable kConv2dSlack bytes beyond its end; padded pixels are zero_point
  int h, w, c_in;
  ptrdiff_t input_stride;
  Window window;
  int out_w;
};

constexpr int kConv2dSlack = 16;

void convolve(const Int8Kernels& kernels, const Int8Conv2d& op, Range out_rows, Range panels);

}  // namespace dsnet
