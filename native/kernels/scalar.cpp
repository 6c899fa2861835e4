// Every kernel in its plainest form: what the others are tested against, and the fallback for unknown processors.
#include "scalar.h"

#include <string.h>

namespace dsnet {
namespace {

void gemm(const Gemm& op, Range rows, Range panels) {
  for (int row = rows.begin; row < rows.end; ++row) {
    for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) {
      float sum = 0;
      for (int k = 0; k < op.k; ++k) sum += op.input[row * op.input_stride + k] * weight(op.weights, o, k);
      op.output[row * op.output_stride + o] = finish(sum, op.epilogue, o);
    }
  }
}

void linear(const Gemm& op, Range panels) { gemm(op, {0, 1}, panels); }

void linear_i8(const LinearI8& op, Range panels) {
  for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) {
    const int8_t* weights = op.weights + o / kPanel * op.panel_stride + o % kPanel;
    float sum = 0;
    for (int k = 0; k < op.k; ++k) sum += op.input[k] * float(weights[ptrdiff_t(k) * kPanel]);
    op.output[o] = finish(sum, op.epilogue, o);
  }
}

void conv2d(const Conv2d& op, Range out_rows, Range panels) {
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      float* output = op.output + (ptrdiff_t(y) * op.out_w + x) * op.output_stride;
      for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) output[o] = conv2d_at(op, y, x, o);
    }
  }
}

void depthwise(const Depthwise& op, Range out_rows) {
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    float* row_sum = op.row_sums ? op.row_sums + y * op.stride : nullptr;
    if (row_sum) memset(row_sum, 0, sizeof(float) * size_t(op.c));
    for (int x = 0; x < op.out_w; ++x) {
      for (int c = 0; c < op.c; ++c) {
        float sum = 0;
        for (int ky = 0; ky < kernel; ++ky) {
          for (int kx = 0; kx < kernel; ++kx) {
            const int in_y = y * stride - padding + ky, in_x = x * stride - padding + kx;
            if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
            sum += op.input[(ptrdiff_t(in_y) * op.w + in_x) * op.stride + c] * op.taps[(ky * kernel + kx) * op.taps_stride + c];
          }
        }
        const float result = finish(sum, op.epilogue, c);
        op.output[(ptrdiff_t(y) * op.out_w + x) * op.stride + c] = result;
        if (row_sum) row_sum[c] += result;
      }
    }
  }
}

void global_pool(const GlobalPool& op, Range panels) {
  for (int c = panels.begin * kPanel; c < panels.end * kPanel; ++c) {
    double sum = 0;
    for (int row = 0; row < op.rows; ++row) sum += op.input[row * op.stride + c];
    op.output[c] = float(sum * op.factor);
  }
}

void multiply(const Multiply& op, Range pixels) {
  for (int pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    for (int c = 0; c < op.c; ++c) op.output[pixel * op.stride + c] = op.input[pixel * op.stride + c] * op.factor[c];
  }
}

}  // namespace

const Kernels kScalarKernels = {"scalar", 4, 1, gemm, linear, linear_i8, conv2d, depthwise, global_pool, multiply};

}  // namespace dsnet
