#include "conv2d_int8.h"

#include <algorithm>
#include <cstring>

namespace dsnet {
namespace {

// May write, and read, up to 16 bytes: most runs are of a few, and copying a fixed number takes two instructions.
void copy_run(int8_t* to, const int8_t* from, ptrdiff_t n) {
  if (n <= kConv2dSlack) {
    std::memcpy(to, from, kConv2dSlack);
  } else {
    std::memcpy(to, from, static_cast<size_t>(n));
  }
}

// What lies under the window of one output.
void gather(const Int8Conv2d& op, int y, int x, int8_t padding, int8_t* to) {
  const auto [kernel, stride, pad] = op.window;
  const int in_y = y * stride - pad, in_x = x * stride - pad;
  const bool inside = in_y >= 0 && in_y + kernel <= op.h && in_x >= 0 && in_x + kernel <= op.w;
  if (!inside) std::memset(to, padding, static_cast<size_t>(op.pointwise.k));
  const int first = std::max(0, -in_x), last = std::min(kernel, op.w - in_x);
  const bool dense = op.input_stride == op.c_in;
  for (int ky = std::max(0, -in_y); ky < std::min(kernel, op.h - in_y); ++ky) {
    const int8_t* row = op.input + (ptrdiff_t{in_y + ky} * op.w + in_x) * op.input_stride;
    int8_t* run = to + ptrdiff_t{ky} * kernel * op.c_in;
    if (inside && dense) {
      copy_run(run, row, ptrdiff_t{kernel} * op.c_in);
      continue;
    }
    for (int kx = first; kx < last; ++kx) {
      std::memcpy(run + ptrdiff_t{kx} * op.c_in, row + kx * op.input_stride, static_cast<size_t>(op.c_in));
    }
  }
}

}  // namespace

void convolve(const Int8Kernels& kernels, const Int8Conv2d& op, Range out_rows, Range panels) {
  constexpr int kStripBytes = 2 * kMostConv2dSteps;
  alignas(64) int8_t strip[kStripBytes + kConv2dSlack];
  const int row_bytes = (op.pointwise.k + kPanel - 1) / kPanel * kPanel;
  const auto padding = static_cast<int8_t>(op.pointwise.input_zero_point ^ kernels.flip);
  Int8Pointwise job = op.pointwise;
  job.input = strip;
  job.input_stride = row_bytes;
  const int most = kStripBytes / row_bytes;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; x += most) {
      const int n = std::min(most, op.out_w - x);
      for (int i = 0; i < n; ++i) gather(op, y, x + i, padding, strip + ptrdiff_t{i} * row_bytes);
      job.output = op.pointwise.output + (ptrdiff_t{y} * op.out_w + x) * job.output_stride;
      kernels.pointwise(job, {0, n}, panels);
    }
  }
}

}  // namespace dsnet
