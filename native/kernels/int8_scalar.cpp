// The int8 kernels in their plainest form: what the others are tested against.
#include <math.h>

#include <algorithm>

#include "int8.h"
#include "peak.h"

namespace dsnet {
namespace {

// NaN becomes `lo`.
int8_t rounded(float x, int lo, int hi) {
  const float q = rintf(x);
  return static_cast<int8_t>(q > float(lo) ? q < float(hi) ? int(q) : hi : lo);
}

int8_t finish(int32_t sum, const Int8Epilogue& epilogue, int channel) {
  const float steps = fmaf(float(sum), epilogue.scale[channel], epilogue.shift[channel]);
  return epilogue.table ? epilogue.table[rounded(steps, -128, 127) + 128] : rounded(steps, epilogue.lo, epilogue.hi);
}

void pointwise(const Int8Pointwise& op, Range rows, Range panels) {
  for (int row = rows.begin; row < rows.end; ++row) {
    for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) {
      const int8_t* weights = op.weights + o / kPanel * op.panel_stride + o % kPanel * 4;
      int32_t sum = 0;
      for (int k = 0; k < op.k; ++k) {
        sum += (op.input[row * op.input_stride + k] - op.input_zero_point) * weights[ptrdiff_t(k) / 4 * 4 * kPanel + k % 4];
      }
      op.output[row * op.output_stride + o] = finish(sum, op.epilogue, o);
    }
  }
}

void depthwise(const Int8Depthwise& op, Range out_rows) {
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      for (int c = 0; c < op.c; ++c) {
        int32_t sum = 0;
        for (int ky = 0; ky < kernel; ++ky) {
          for (int kx = 0; kx < kernel; ++kx) {
            const int in_y = y * stride - padding + ky, in_x = x * stride - padding + kx;
            if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
            const int8_t* pixel = op.input + (ptrdiff_t(in_y) * op.w + in_x) * op.stride;
            sum += (pixel[c] - op.input_zero_point) * op.taps[(ky * kernel + kx) * op.taps_stride + c];
          }
        }
        op.output[(ptrdiff_t(y) * op.out_w + x) * op.stride + c] = finish(sum, op.epilogue, c);
      }
    }
  }
}

void quantize(const Int8Quantize& op, Range elements) {
  for (int i = elements.begin; i < elements.end; ++i) {
    op.output[i] = rounded(fmaf(op.input[i], op.inverse_scale, float(op.zero_point)), -128, 127);
  }
}

void global_pool(const Int8GlobalPool& op, Range panels) {
  for (int c = panels.begin * kPanel; c < panels.end * kPanel; ++c) {
    int32_t sum = 0;
    for (int pixel = 0; pixel < op.pixels; ++pixel) sum += op.input[pixel * op.stride + c] - op.zero_point;
    op.output[c] = float(sum) * op.factor;
  }
}

void multiply(const Int8Multiply& op, Range pixels) {
  for (int pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    for (int c = 0; c < op.c; ++c) {
      const auto x = float(op.input[pixel * op.stride + c] - op.zero_point);
      op.output[pixel * op.stride + c] = rounded(fmaf(x, op.factor[c] * op.ratio, float(op.output_zero_point)), -128, 127);
    }
  }
}

void add(const Int8Add& op, Range pixels) {
  for (ptrdiff_t i = ptrdiff_t(pixels.begin) * op.c; i < ptrdiff_t(pixels.end) * op.c; ++i) {
    const auto x = float(op.input[i] - op.zero_point), other = float(op.other[i] - op.other_zero_point);
    op.output[i] = rounded(fmaf(x, op.ratio, fmaf(other, op.other_ratio, float(op.output_zero_point))), op.lo, op.hi);
  }
}

void max_pool(const Int8MaxPool& op, Range out_rows) {
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      for (int c = 0; c < op.c; ++c) {
        int8_t most = -128;
        for (int ky = 0; ky < kernel; ++ky) {
          for (int kx = 0; kx < kernel; ++kx) {
            const int in_y = y * stride - padding + ky, in_x = x * stride - padding + kx;
            if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
            most = std::max(most, op.input[(ptrdiff_t(in_y) * op.w + in_x) * op.c + c]);
          }
        }
        op.output[(ptrdiff_t(y) * op.out_w + x) * op.c + c] = most;
      }
    }
  }
}

void group_norm(const Int8GroupNorm& op, Range panels) {
  for (int first = panels.begin * kPanel; first < panels.end * kPanel; first += kPanel) {
    const int n = op.pixels * kPanel;
    const auto at = [&](int i) { return i / kPanel * op.stride + first + i % kPanel; };
    int64_t sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) {
      const int64_t x = op.input[at(i)] - op.zero_point;
      sum += x;
      squares += x * x;
    }
    float factor[kPanel], offset[kPanel];
    int8_norm_affine(op, sum, squares, first, factor, offset);
    for (int i = 0; i < n; ++i) {
      const int c = i % kPanel;
      op.output[at(i)] = rounded(fmaf(float(op.input[at(i)] - op.zero_point), factor[c], offset[c]), op.lo, op.hi);
    }
  }
}

int64_t exercise_products(int64_t steps) {
  return exercise<1>(
      steps, 0, 3, [](int& sum, int a, int b) { sum += static_cast<int>(static_cast<unsigned>(a) * static_cast<unsigned>(b)); });
}

}  // namespace

const Int8Kernels kInt8ScalarKernels = {"scalar",    0,        4,   1,        pointwise,  depthwise,        quantize,
                                        global_pool, multiply, add, max_pool, group_norm, exercise_products};

}  // namespace dsnet
