// Every kernel in its plainest form: what the others are tested against, and the fallback for unknown processors.
#include "scalar.h"

#include <string.h>

#include "half.h"
#include "peak.h"

namespace dsnet {
namespace {

template <class Map>
void gemm(const GemmOf<Map>& op, Range rows, Range panels) {
  for (int row = rows.begin; row < rows.end; ++row) {
    for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) {
      float sum = 0;
      for (int k = 0; k < op.k; ++k) sum += to_float(op.input[row * op.input_stride + k]) * weight(op.weights, o, k);
      round_to(finish(sum, op.epilogue, o), op.output[row * op.output_stride + o]);
    }
  }
}

void linear(const Gemm& op, Range panels) { gemm(op, {0, 1}, panels); }

template <class Weight>
void linear_of(const LinearOf<Weight>& op, Range panels) {
  for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) {
    const Weight* weights = op.weights + o / kPanel * op.panel_stride + o % kPanel;
    float sum = 0;
    for (int k = 0; k < op.k; ++k) sum += op.input[k] * to_float(weights[ptrdiff_t(k) * kPanel]);
    op.output[o] = finish(sum, op.epilogue, o);
  }
}

template <class In, class Map>
void conv2d(const Conv2dOf<In, Map>& op, Range out_rows, Range panels) {
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      Map* output = op.output + (ptrdiff_t(y) * op.out_w + x) * op.output_stride;
      for (int o = panels.begin * kPanel; o < panels.end * kPanel; ++o) round_to(conv2d_at(op, y, x, o), output[o]);
    }
  }
}

template <class Map>
void depthwise(const DepthwiseOf<Map>& op, Range out_rows) {
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
            const Map* pixel = op.input + (ptrdiff_t(in_y) * op.w + in_x) * op.stride;
            sum += to_float(pixel[c]) * op.taps[(ky * kernel + kx) * op.taps_stride + c];
          }
        }
        const float result = finish(sum, op.epilogue, c);
        round_to(result, op.output[(ptrdiff_t(y) * op.out_w + x) * op.stride + c]);
        if (row_sum) row_sum[c] += result;
      }
    }
  }
}

template <class Map>
void global_pool(const GlobalPoolOf<Map>& op, Range panels) {
  for (int c = panels.begin * kPanel; c < panels.end * kPanel; ++c) {
    double sum = 0;
    for (int row = 0; row < op.rows; ++row) sum += to_float(op.input[row * op.stride + c]);
    op.output[c] = float(sum * op.factor);
  }
}

template <class Map>
void multiply(const MultiplyOf<Map>& op, Range pixels) {
  for (int pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    for (int c = 0; c < op.c; ++c) {
      const ptrdiff_t at = pixel * op.stride + c;
      round_to(to_float(op.input[at]) * op.factor[c], op.output[at]);
    }
  }
}

template <class Map>
void add(const AddOf<Map>& op, Range pixels) {
  for (ptrdiff_t i = ptrdiff_t(pixels.begin) * op.c; i < ptrdiff_t(pixels.end) * op.c; ++i) {
    round_to(activate(to_float(op.input[i]) + to_float(op.other[i]), op.activation), op.output[i]);
  }
}

template <class Map>
void max_pool(const MaxPoolOf<Map>& op, Range out_rows) {
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      for (int c = 0; c < op.c; ++c) {
        float most = -INFINITY;
        for (int ky = 0; ky < kernel; ++ky) {
          for (int kx = 0; kx < kernel; ++kx) {
            const int in_y = y * stride - padding + ky, in_x = x * stride - padding + kx;
            if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
            most = fmaxf(most, to_float(op.input[(ptrdiff_t(in_y) * op.w + in_x) * op.c + c]));
          }
        }
        round_to(most, op.output[(ptrdiff_t(y) * op.out_w + x) * op.c + c]);
      }
    }
  }
}

template <class Map>
void group_norm(const GroupNormOf<Map>& op, Range panels) {
  for (int first = panels.begin * kPanel; first < panels.end * kPanel; first += kPanel) {
    const auto at = [&](int i) { return i / kPanel * op.stride + first + i % kPanel; };
    const int n = op.pixels * kPanel;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) sum += to_float(op.input[at(i)]);
    const double mean = sum / n;
    for (int i = 0; i < n; ++i) squares += (to_float(op.input[at(i)]) - mean) * (to_float(op.input[at(i)]) - mean);
    const double inverse = 1 / sqrt(squares / n + double(op.eps));
    for (int i = 0; i < n; ++i) {
      const auto x = float((to_float(op.input[at(i)]) - mean) * inverse);
      round_to(finish(x, op.epilogue, first + i % kPanel), op.output[at(i)]);
    }
  }
}

int64_t exercise_floats(int64_t steps) {
  return exercise<1>(steps, 0.0F, 0.5F, [](float& sum, float a, float b) { sum += a * b; });
}

template <class Map>
constexpr HalfKernels<Map> half_kernels() {
  return {"scalar",
          4,
          1,
          gemm<Map>,
          linear_of<Map>,
          conv2d<float, Map>,
          conv2d<Map, Map>,
          depthwise<Map>,
          global_pool<Map>,
          multiply<Map>,
          add<Map>,
          max_pool<Map>,
          group_norm<Map>,
          exercise_floats};
}

}  // namespace

const Kernels kScalarKernels = {"scalar",
                                4,
                                1,
                                gemm<float>,
                                linear,
                                linear_of<int8_t>,
                                conv2d<float, float>,
                                depthwise<float>,
                                global_pool<float>,
                                multiply<float>,
                                add<float>,
                                max_pool<float>,
                                group_norm<float>,
                                exercise_floats};
const Bf16Kernels kBf16ScalarKernels = half_kernels<Bf16>();
const Fp16Kernels kFp16ScalarKernels = half_kernels<Fp16>();

}  // namespace dsnet
