#include "conv2d_int8.h"

#include <algorithm>
#include <cstring>

namespace dsnet {
namespace {

// Output positions whose windows lie inside the image, along one axis.
Range inside(int size, const Window& window) {
  const int begin = (window.padding + window.stride - 1) / window.stride;
  const int room = size + window.padding - window.kernel;
  return {begin, room < 0 ? begin : std::max(begin, room / window.stride + 1)};
}

// What lies under the window of one output, some of it outside.
void gather(const Int8Conv2d& op, int y, int x, int8_t padding, int8_t* to) {
  const auto [kernel, stride, pad] = op.window;
  const int in_y = y * stride - pad, in_x = x * stride - pad, block = conv2d_block(op.c_in);
  const auto run = static_cast<size_t>(block);
  std::memset(to, padding, static_cast<size_t>(op.pointwise.k));
  for (int first = 0; first < op.c_in; first += block, to += ptrdiff_t{kernel} * kernel * block) {
    for (int ky = std::max(0, -in_y); ky < std::min(kernel, op.h - in_y); ++ky) {
      for (int kx = std::max(0, -in_x); kx < std::min(kernel, op.w - in_x); ++kx) {
        const ptrdiff_t pixel = ptrdiff_t{in_y + ky} * op.w + in_x + kx;
        std::memcpy(to + ptrdiff_t{ky * kernel + kx} * block, op.input + pixel * op.input_stride + first, run);
      }
    }
  }
}

// `n` runs of bytes. Of a few only, always as many as fit a vector are copied: what that spoils is written later or never read.
void copy_runs(int n, int8_t* to, ptrdiff_t to_stride, const int8_t* from, ptrdiff_t from_stride, size_t run) {
  if (run <= kConv2dSlack) {
    for (int i = 0; i < n; ++i) std::memcpy(to + i * to_stride, from + i * from_stride, kConv2dSlack);
  } else {
    for (int i = 0; i < n; ++i) std::memcpy(to + i * to_stride, from + i * from_stride, run);
  }
}

// The same for `n` neighbouring outputs whose windows lie inside.
void gather_inside(const Int8Conv2d& op, int y, int x, int n, int8_t* to, ptrdiff_t to_stride) {
  const auto [kernel, stride, pad] = op.window;
  const int block = conv2d_block(op.c_in);
  const bool dense = op.input_stride == block;  // a kernel row is then one run
  const int runs = dense ? 1 : kernel, run = dense ? kernel * block : block;
  for (int first = 0; first < op.c_in; first += block, to += ptrdiff_t{kernel} * kernel * block) {
    for (int ky = 0; ky < kernel; ++ky) {
      for (int kx = 0; kx < runs; ++kx) {
        const ptrdiff_t pixel = ptrdiff_t{y * stride - pad + ky} * op.w + x * stride - pad + kx;
        copy_runs(n, to + ptrdiff_t{ky * kernel + kx} * block, to_stride, op.input + pixel * op.input_stride + first,
                  stride * op.input_stride, static_cast<size_t>(run));
      }
    }
  }
}

}  // namespace

void convolve(const Int8Kernels& kernels, const Int8Conv2d& op, Range out_rows, Range panels) {
  constexpr int kStripBytes = 48 << 10;
  alignas(64) int8_t strip[kStripBytes + kConv2dSlack];
  const int row_bytes = (op.pointwise.k + kConv2dSlack + kPanel - 1) / kPanel * kPanel;
  const auto padding = static_cast<int8_t>(op.pointwise.input_zero_point ^ kernels.flip);
  Int8Pointwise job = op.pointwise;
  job.input = strip;
  job.input_stride = row_bytes;
  const Range inside_x = inside(op.w, op.window), inside_y = inside(op.h, op.window);
  const int most = kStripBytes / row_bytes;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const bool y_inside = y >= inside_y.begin && y < inside_y.end;
    for (int x = 0; x < op.out_w; x += most) {
      const int n = std::min(most, op.out_w - x);
      const int begin = y_inside ? std::clamp(inside_x.begin - x, 0, n) : n;
      const int end = y_inside ? std::clamp(inside_x.end - x, begin, n) : n;
      const auto row = [&](int i) { return strip + ptrdiff_t{i} * row_bytes; };
      gather_inside(op, y, x + begin, end - begin, row(begin), row_bytes);
      for (int i = 0; i < begin; ++i) gather(op, y, x + i, padding, row(i));
      for (int i = end; i < n; ++i) gather(op, y, x + i, padding, row(i));
      job.output = op.pointwise.output + (ptrdiff_t{y} * op.out_w + x) * job.output_stride;
      kernels.pointwise(job, {0, n}, panels);
    }
  }
}

}  // namespace dsnet
