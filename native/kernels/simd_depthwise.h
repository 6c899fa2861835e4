// Depthwise convolution, pooling and channel-wise products on vectors: everything that works channel by channel.
#pragma once

#include "simd_gemm.h"

namespace dsnet {

// `n` neighbouring output pixels of one vector of channels, all horizontal taps inside: each input vector is loaded once
// and serves every output it reaches.
template <class Simd, int kernel, int stride, int n>
DSNET_INLINE void depthwise_pixels(const Depthwise& op, const float* input, int ky_begin, int ky_end, ptrdiff_t c, Vector<Simd> scale,
                                   Vector<Simd> shift, float* output) {
  Vector<Simd> sums[n];
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
  for (int ky = ky_begin; ky < ky_end; ++ky) {
    const float* row = input + ptrdiff_t(ky) * op.w * op.stride;
    Vector<Simd> taps[kernel];
    DSNET_UNROLL for (int kx = 0; kx < kernel; ++kx) taps[kx] = load<Simd>(op.taps + (ky * kernel + kx) * op.taps_stride + c);
    DSNET_UNROLL for (int i = 0; i < (n - 1) * stride + kernel; ++i) {
      const Vector<Simd> x = load<Simd>(row + i * op.stride);
      DSNET_UNROLL for (int kx = 0; kx < kernel; ++kx) {
        const int j = (i - kx) / stride;
        if (i >= kx && (i - kx) % stride == 0 && j < n) sums[j] = Simd::fma(x, taps[kx], sums[j]);
      }
    }
  }
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::fma(sum, scale, shift);
  activate<Simd>(sums, op.epilogue.activation);
  DSNET_UNROLL for (int j = 0; j < n; ++j) store<Simd>(output + j * op.stride, sums[j]);
}

// One output pixel of one vector of channels: any window, at any edge.
template <class Simd>
void depthwise_pixel(const Depthwise& op, const float* origin, Range ky, Range kx, ptrdiff_t c, float* output) {
  Vector<Simd> sum[1] = {Simd::broadcast(0)};
  for (int y = ky.begin; y < ky.end; ++y) {
    for (int x = kx.begin; x < kx.end; ++x) {
      sum[0] = Simd::fma(load<Simd>(origin + (ptrdiff_t(y) * op.w + x) * op.stride),
                         load<Simd>(op.taps + (y * op.window.kernel + x) * op.taps_stride + c), sum[0]);
    }
  }
  sum[0] = Simd::fma(sum[0], scale_at<Simd>(op.epilogue, c), shift_at<Simd>(op.epilogue, c));
  activate<Simd>(sum, op.epilogue.activation);
  store<Simd>(output, sum[0]);
}

// One output row of one vector of channels. `kernel` 0 stands for any window.
template <class Simd, int kernel, int stride>
void depthwise_row(const Depthwise& op, int y, Range ky, Range inside, ptrdiff_t c) {
  // Pointers to where the window of column 0 begins, above and left of the image at its edges: addresses, not accesses.
  const ptrdiff_t origin = (ptrdiff_t(y) * op.window.stride - op.window.padding) * op.w - op.window.padding;
  const auto input = [&](int x) { return op.input + (origin + ptrdiff_t(x) * op.window.stride) * op.stride + c; };
  float* output = op.output + ptrdiff_t(y) * op.out_w * op.stride + c;
  const auto pixel = [&](int x) {
    depthwise_pixel<Simd>(op, input(x), ky, window_range(x, op.w, op.window), c, output + x * op.stride);
  };
  int x = 0;
  for (; x < inside.begin; ++x) pixel(x);
  if constexpr (kernel > 0) {
    const Vector<Simd> scale = scale_at<Simd>(op.epilogue, c), shift = shift_at<Simd>(op.epilogue, c);
    constexpr int wide = Simd::depthwise_pixels;
    for (; x + wide <= inside.end; x += wide) {
      depthwise_pixels<Simd, kernel, stride, wide>(op, input(x), ky.begin, ky.end, c, scale, shift, output + x * op.stride);
    }
    for (; x < inside.end; ++x) {
      depthwise_pixels<Simd, kernel, stride, 1>(op, input(x), ky.begin, ky.end, c, scale, shift, output + x * op.stride);
    }
  }
  for (; x < op.out_w; ++x) pixel(x);
}

template <class Simd, int kernel, int stride>
void depthwise_rows(const Depthwise& op, Range out_rows) {
  const Range inside = interior(op.w, op.out_w, op.window);
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const Range ky = window_range(y, op.h, op.window);
    for (ptrdiff_t c = 0; c < op.c; c += Simd::lanes) depthwise_row<Simd, kernel, stride>(op, y, ky, inside, c);
  }
}

template <class Simd>
void depthwise(const Depthwise& op, Range out_rows) {
  const int kernel = op.window.kernel, stride = op.window.stride;
  if (kernel == 3 && stride == 1) return depthwise_rows<Simd, 3, 1>(op, out_rows);
  if (kernel == 3 && stride == 2) return depthwise_rows<Simd, 3, 2>(op, out_rows);
  if (kernel == 5 && stride == 1) return depthwise_rows<Simd, 5, 1>(op, out_rows);
  if (kernel == 5 && stride == 2) return depthwise_rows<Simd, 5, 2>(op, out_rows);
  depthwise_rows<Simd, 0, 0>(op, out_rows);
}

// Four sums a channel, over every fourth pixel each: quicker, and closer to the true mean than one long sum.
template <class Simd>
void global_pool(const GlobalPool& op, Range panels) {
  const Vector<Simd> factor = Simd::broadcast(1 / float(op.pixels));
  for (ptrdiff_t c = ptrdiff_t(panels.begin) * kPanel; c < ptrdiff_t(panels.end) * kPanel; c += Simd::lanes) {
    Vector<Simd> sums[4];
    DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
    const float* input = op.input + c;
    int pixel = 0;
    for (; pixel + 4 <= op.pixels; pixel += 4, input += 4 * op.stride) {
      DSNET_UNROLL for (int i = 0; i < 4; ++i) sums[i] = sums[i] + load<Simd>(input + i * op.stride);
    }
    for (; pixel < op.pixels; ++pixel, input += op.stride) sums[0] = sums[0] + load<Simd>(input);
    store<Simd>(op.output + c, ((sums[0] + sums[1]) + (sums[2] + sums[3])) * factor);
  }
}

template <class Simd>
void multiply(const Multiply& op, Range pixels) {
  for (int pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    const ptrdiff_t at = pixel * op.stride;
    for (ptrdiff_t c = 0; c < op.c; c += Simd::lanes) {
      store<Simd>(op.output + at + c, load<Simd>(op.input + at + c) * load<Simd>(op.factor + c));
    }
  }
}

template <class Simd>
constexpr Kernels simd_kernels(const char* isa) {
  return {isa,          Simd::tile_rows, Simd::tile_panels,  gemm<Simd>,     linear<Simd>,
          conv2d<Simd>, depthwise<Simd>, global_pool<Simd>, multiply<Simd>};
}

}  // namespace dsnet
