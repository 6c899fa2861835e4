// Depthwise convolution, pooling, channel-wise products and sums on vectors: everything that works channel by channel.
#pragma once

#include "half.h"
#include "peak.h"
#include "simd_gemm.h"
#include "simd_linear.h"
#include "simd_norm.h"

namespace dsnet {

template <int n>
struct Count {
  static constexpr int value = n;
};

// `n` neighbouring output pixels of one vector of channels: each input vector is loaded once and serves every output it
// reaches. `origin` is where the first pixel's window begins; only the `columns` of it that lie inside the image are read.
// Padding is at most half the kernel. Returns the sum of the outputs.
template <class Simd, int kernel, int stride, int n, class Map>
DSNET_INLINE Vector<Simd> depthwise_tile(const DepthwiseOf<Map>& op, const Map* origin, Range ky, Range columns, ptrdiff_t c,
                                         Map* output) {
  constexpr int width = (n - 1) * stride + kernel;
  Vector<Simd> sums[n];
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
  for (int y = ky.begin; y < ky.end; ++y) {
    const Map* row = origin + ptrdiff_t(y) * op.w * op.stride;
    Vector<Simd> taps[kernel];
    DSNET_UNROLL for (int kx = 0; kx < kernel; ++kx) taps[kx] = load<Simd>(op.taps + (y * kernel + kx) * op.taps_stride + c);
    DSNET_UNROLL for (int i = 0; i < width; ++i) {
      if (i < kernel / 2 && i < columns.begin) continue;
      if (i >= width - kernel / 2 && i >= columns.end) continue;
      const Vector<Simd> x = load<Simd>(row + i * op.stride);
      DSNET_UNROLL for (int kx = 0; kx < kernel; ++kx) {
        const int j = (i - kx) / stride;
        if (i >= kx && (i - kx) % stride == 0 && j < n) sums[j] = Simd::fma(x, taps[kx], sums[j]);
      }
    }
  }
  const Vector<Simd> scale = scale_at<Simd>(op.epilogue, c), shift = shift_at<Simd>(op.epilogue, c);
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::fma(sum, scale, shift);
  activate<Simd>(sums, op.epilogue.activation);
  DSNET_UNROLL for (int j = 0; j < n; ++j) store<Simd>(output + j * op.stride, sums[j]);
  DSNET_UNROLL for (int j = 1; j < n; ++j) sums[0] = sums[0] + sums[j];
  return sums[0];
}

// One output row of one vector of channels, in the widest tiles that fit.
template <class Simd, int kernel, int stride, class Map>
void depthwise_row(const DepthwiseOf<Map>& op, int y, Range ky, ptrdiff_t c) {
  const ptrdiff_t row = (ptrdiff_t(y) * stride - op.window.padding) * op.w;
  int x = 0;
  Vector<Simd> row_sum = Simd::broadcast(0);
  const auto tiles = [&](auto size) __attribute__((always_inline)) {
    constexpr int n = decltype(size)::value;
    for (; x + n <= op.out_w; x += n) {
      const int column = x * stride - op.window.padding;
      // Above and left of the image this is an address, not an access.
      const Map* origin = op.input + (row + column) * op.stride + c;
      row_sum = row_sum + depthwise_tile<Simd, kernel, stride, n>(op, origin, ky, {-column, op.w - column}, c,
                                                                  op.output + (ptrdiff_t(y) * op.out_w + x) * op.stride + c);
    }
  };
  tiles(Count<7>());
  tiles(Count<4>());
  tiles(Count<1>());
  if (op.row_sums) store<Simd>(op.row_sums + y * op.stride + c, row_sum);
}

// The same for any window, a pixel at a time.
template <class Simd, class Map>
void depthwise_row_any(const DepthwiseOf<Map>& op, int y, Range ky, ptrdiff_t c) {
  const auto [kernel, stride, padding] = op.window;
  Vector<Simd> row_sum = Simd::broadcast(0);
  for (int x = 0; x < op.out_w; ++x) {
    const Range kx = window_range(x, op.w, op.window);
    Vector<Simd> sum[1] = {Simd::broadcast(0)};
    for (int i = ky.begin; i < ky.end; ++i) {
      const Map* input = op.input + ((ptrdiff_t(y) * stride - padding + i) * op.w + x * stride - padding) * op.stride + c;
      const float* taps = op.taps + ptrdiff_t(i) * kernel * op.taps_stride + c;
      for (int j = kx.begin; j < kx.end; ++j) {
        sum[0] = Simd::fma(load<Simd>(input + j * op.stride), load<Simd>(taps + j * op.taps_stride), sum[0]);
      }
    }
    sum[0] = Simd::fma(sum[0], scale_at<Simd>(op.epilogue, c), shift_at<Simd>(op.epilogue, c));
    activate<Simd>(sum, op.epilogue.activation);
    store<Simd>(op.output + (ptrdiff_t(y) * op.out_w + x) * op.stride + c, sum[0]);
    row_sum = row_sum + sum[0];
  }
  if (op.row_sums) store<Simd>(op.row_sums + y * op.stride + c, row_sum);
}

// `kernel` 0 stands for any window. Channels are taken in blocks whose input rows stay in the L1 cache from one output row
// to the next.
template <class Simd, int kernel, int stride, class Map>
void depthwise_rows(const DepthwiseOf<Map>& op, Range out_rows) {
  constexpr ptrdiff_t kBlock = (24 << 10) / sizeof(Map);
  const ptrdiff_t fitting = kBlock / (ptrdiff_t(op.window.kernel) * op.w) / kPanel * kPanel;
  const ptrdiff_t block = fitting > kPanel ? fitting : kPanel;
  for (ptrdiff_t begin = 0; begin < op.c; begin += block) {
    const ptrdiff_t end = begin + block < op.c ? begin + block : op.c;
    for (int y = out_rows.begin; y < out_rows.end; ++y) {
      const Range ky = window_range(y, op.h, op.window);
      for (ptrdiff_t c = begin; c < end; c += Simd::lanes) {
        if constexpr (kernel > 0) {
          depthwise_row<Simd, kernel, stride>(op, y, ky, c);
        } else {
          depthwise_row_any<Simd>(op, y, ky, c);
        }
      }
    }
  }
}

template <class Simd, class Map>
void depthwise(const DepthwiseOf<Map>& op, Range out_rows) {
  const int kernel = op.window.kernel, stride = op.window.stride;
  if (op.window.padding > kernel / 2) return depthwise_rows<Simd, 0, 0>(op, out_rows);
  if (kernel == 3 && stride == 1) return depthwise_rows<Simd, 3, 1>(op, out_rows);
  if (kernel == 3 && stride == 2) return depthwise_rows<Simd, 3, 2>(op, out_rows);
  if (kernel == 5 && stride == 1) return depthwise_rows<Simd, 5, 1>(op, out_rows);
  if (kernel == 5 && stride == 2) return depthwise_rows<Simd, 5, 2>(op, out_rows);
  depthwise_rows<Simd, 0, 0>(op, out_rows);
}

// Four sums a channel, over every fourth row each: quicker, and closer to the true mean than one long sum.
template <class Simd, class Map>
void global_pool(const GlobalPoolOf<Map>& op, Range panels) {
  const Vector<Simd> factor = Simd::broadcast(op.factor);
  for (ptrdiff_t c = ptrdiff_t(panels.begin) * kPanel; c < ptrdiff_t(panels.end) * kPanel; c += Simd::lanes) {
    Vector<Simd> sums[4];
    DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
    const Map* input = op.input + c;
    int row = 0;
    for (; row + 4 <= op.rows; row += 4, input += 4 * op.stride) {
      DSNET_UNROLL for (int i = 0; i < 4; ++i) sums[i] = sums[i] + load<Simd>(input + i * op.stride);
    }
    for (; row < op.rows; ++row, input += op.stride) sums[0] = sums[0] + load<Simd>(input);
    store<Simd>(op.output + c, ((sums[0] + sums[1]) + (sums[2] + sums[3])) * factor);
  }
}

template <class Simd, class Map>
void multiply(const MultiplyOf<Map>& op, Range pixels) {
  const auto [all_input, factor, c, stride, all_output] = op;  // else every store might change them
  for (int pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    const Map* input = all_input + pixel * stride;
    Map* output = all_output + pixel * stride;
    for (ptrdiff_t panel = 0; panel < c; panel += kPanel) {
      DSNET_UNROLL for (ptrdiff_t i = panel; i < panel + kPanel; i += Simd::lanes) {
        store<Simd>(output + i, load<Simd>(input + i) * load<Simd>(factor + i));
      }
    }
  }
}

template <class Simd, class Map>
void add(const AddOf<Map>& op, Range pixels) {
  const auto [input, other, c, activation, output] = op;
  constexpr int vectors = kPanel / Simd::lanes;
  for (ptrdiff_t panel = ptrdiff_t(pixels.begin) * c; panel < ptrdiff_t(pixels.end) * c; panel += kPanel) {
    Vector<Simd> sums[vectors];
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const ptrdiff_t i = panel + j * Simd::lanes;
      sums[j] = load<Simd>(input + i) + load<Simd>(other + i);
    }
    activate<Simd>(sums, activation);
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) store<Simd>(output + panel + j * Simd::lanes, sums[j]);
  }
}

template <class Simd>
constexpr Kernels simd_kernels(const char* isa) {
  return {isa,
          Simd::tile_rows,
          Simd::tile_panels,
          gemm<Simd, float>,
          linear<Simd>,
          linear_of<Simd, int8_t>,
          conv2d<Simd, float, float>,
          depthwise<Simd, float>,
          global_pool<Simd, float>,
          multiply<Simd, float>,
          add<Simd, float>,
          max_pool<Simd, float>,
          group_norm<Simd, float>,
          exercise_floats<Simd>};
}

template <class Simd, class Map>
constexpr HalfKernels<Map> simd_half_kernels(const char* name, int64_t (*exercise)(int64_t) = exercise_floats<Simd>) {
  return {name,
          Simd::tile_rows,
          Simd::tile_panels,
          gemm<Simd, Map>,
          linear_of<Simd, Map>,
          conv2d<Simd, float, Map>,
          conv2d<Simd, Map, Map>,
          depthwise<Simd, Map>,
          global_pool<Simd, Map>,
          multiply<Simd, Map>,
          add<Simd, Map>,
          max_pool<Simd, Map>,
          group_norm<Simd, Map>,
          exercise};
}

}  // namespace dsnet
