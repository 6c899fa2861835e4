// What the scalar kernels of all element types share.
#pragma once

#include <math.h>

#include "half_convert.h"

namespace dsnet {

inline float activate(float x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x > 0 ? x : 0;
    case Activation::relu6: return x > 6 ? 6 : x > 0 ? x : 0;
    case Activation::silu: return x / (1 + expf(-x));
    case Activation::sigmoid: return 1 / (1 + expf(-x));
    case Activation::one_plus_tanh: return 1 + tanhf(x);
  }
  return x;
}

inline float finish(float x, const Epilogue& epilogue, int channel) {
  const float scale = epilogue.scale ? epilogue.scale[channel] : 1;
  const float shift = epilogue.shift ? epilogue.shift[channel] : 0;
  return activate(scale * x + shift, epilogue.activation);
}

template <class Weight>
float weight(const PanelsOf<Weight>& panels, int channel, int k) {
  return to_float(panels.data[channel / kPanel * panels.stride + ptrdiff_t(k) * kPanel + channel % kPanel]);
}

inline float weight(const PanelsOf<Bf16>& panels, int channel, int k) {
  return to_float(panels.data[channel / kPanel * panels.stride + ptrdiff_t(k) / 2 * 2 * kPanel + channel % kPanel * 2 + k % 2]);
}

// One output of a dense convolution.
template <class In, class Map>
float conv2d_at(const Conv2dOf<In, Map>& op, int y, int x, int channel) {
  const auto [kernel, stride, padding] = op.window;
  float sum = 0;
  for (int ky = 0; ky < kernel; ++ky) {
    for (int kx = 0; kx < kernel; ++kx) {
      const int in_y = y * stride - padding + ky, in_x = x * stride - padding + kx;
      if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
      const In* pixel = op.input + (ptrdiff_t(in_y) * op.w + in_x) * op.input_stride;
      for (int c = 0; c < op.c_in; ++c) {
        const int block = conv2d_block(op.c_in), first = c / block * block;
        const int step = first * kernel * kernel + (ky * kernel + kx) * block + c - first;
        sum += to_float(pixel[c]) * weight(op.weights, channel, step);
      }
    }
  }
  return finish(sum, op.epilogue, channel);
}

}  // namespace dsnet
