// The ops of a session whose feature maps are integers.
#include <algorithm>
#include <cmath>

#include "conv2d_int8.h"
#include "session.h"
#include "split.h"

namespace dsnet {

void Session::quantize(const float* image) noexcept {
  const Program& program = model_.program;
  const Value& value = program.values[program.input];
  const Int8Quantize job = {image, 1 / value.scale[0], value.zero_point[0], data<int8_t>(program.input)};
  const int n = value.h * value.w * value.channels[0];
  const Parts parts = cut(n, parts_for(pool_.threads(), double(n) / 4), 64);
  if (op_ms_ != nullptr) clock_.lap_ms();
  pool_.run(parts.count(), [&](int i) { kernels_.int8.quantize(job, parts[i]); });
  if (op_ms_ != nullptr) op_ms_[program.segment_begin[program.n_gates() == 0 ? 2 : 0]] += clock_.lap_ms();
}

void Session::run_int8(const Op& op, const OpWeights& weights, int path) noexcept {
  switch (op.kind) {
    case Kind::conv2d: return conv2d_int8(op, weights, path);
    case Kind::depthwise: return depthwise_int8(op, weights, path);
    case Kind::pointwise: return pointwise_int8(op, weights, path);
    case Kind::linear: return linear(op, weights, path);
    case Kind::global_pool: return global_pool_int8(op, path);
    case Kind::multiply: return multiply_int8(op, path);
    case Kind::add: return add_int8(op, path);
    case Kind::max_pool: return max_pool_int8(op, path);
    case Kind::group_norm: return group_norm_int8(op, weights, path);
  }
}

// Between which integers an op's output lies, by its activation.
Range Session::int8_bounds(const Op& op, int path) const noexcept {
  const Value& output = model_.program.values[op.output];
  const int zero_point = output.zero_point[path];
  Range bounds = {-128, 127};
  if (op.activation == Activation::relu || op.activation == Activation::relu6) bounds.begin = zero_point;
  if (op.activation == Activation::relu6) {
    const float six = std::rint(6.0F / output.scale[path]);
    bounds.end = static_cast<int>(std::min(127.0F, static_cast<float>(zero_point) + six));
  }
  return bounds;
}

Int8Epilogue Session::int8_epilogue(const Op& op, const OpWeights& weights, int path) const noexcept {
  const ptrdiff_t row = op.rows[path] * weights.row_stride;
  const Range bounds = int8_bounds(op, path);
  Int8Epilogue epilogue = {weights.scale + row, weights.shift + row, weights.sums + row, nullptr, bounds.begin, bounds.end};
  if (weights.table != nullptr) epilogue.table = weights.table + ptrdiff_t{op.rows[path]} * kTableSize;
  return epilogue;
}

// What pointwise and conv2d have in common.
Int8Pointwise Session::int8_pointwise(const Op& op, const OpWeights& weights, int path) const noexcept {
  const Value& input = model_.program.values[op.input];
  Int8Pointwise job;
  job.input = data<int8_t>(op.input);
  job.input_stride = stride(op.input, path);
  job.input_zero_point = input.zero_point[path];
  job.k = input.channels[path];
  job.weights = weights.as<int8_t>();
  job.panel_stride = weights.stride;
  job.output = data<int8_t>(op.output);
  job.output_stride = stride(op.output, path);
  job.epilogue = int8_epilogue(op, weights, path);
  return job;
}

void Session::pointwise_int8(const Op& op, const OpWeights& weights, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int panels = panels_of(output.channels[path]);
  const Int8Pointwise job = int8_pointwise(op, weights, path);
  const GemmSplit split = split_gemm(output.h * output.w, job.k, panels, kernels_.int8, pool_.threads(), 1);
  pool_.run(split.count(), [&](int i) { kernels_.int8.pointwise(job, split.rows_of(i), split.panels_of(i)); });
}

void Session::conv2d_int8(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  const int c_in = input.channels[path], panels = panels_of(output.channels[path]);
  Int8Conv2d job;
  job.pointwise = int8_pointwise(op, weights, path);
  job.pointwise.k = op.window.kernel * op.window.kernel * c_in;
  job.input = data<int8_t>(op.input);
  job.h = input.h, job.w = input.w, job.c_in = c_in;
  job.input_stride = op.input == program.input ? c_in : stride(op.input, path);
  job.window = op.window;
  job.out_w = output.w;
  const double work = double(output.h) * output.w * job.pointwise.k * panels / 4;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { convolve(kernels_.int8, job, rows[i], {0, panels}); });
}

void Session::depthwise_int8(const Op& op, const OpWeights& weights, int path) noexcept {
  const Value &input = model_.program.values[op.input], &output = model_.program.values[op.output];
  Int8Depthwise job;
  job.input = data<int8_t>(op.input);
  job.h = input.h, job.w = input.w, job.c = padded(output.channels[path]);
  job.stride = job.c;
  job.input_zero_point = input.zero_point[path];
  job.window = op.window;
  job.taps = weights.as<int8_t>();
  job.taps_stride = weights.stride;
  job.output = data<int8_t>(op.output);
  job.out_w = output.w;
  job.epilogue = int8_epilogue(op, weights, path);
  const double work = double(output.h) * output.w * job.c / kPanel * op.window.kernel * op.window.kernel / 4;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.int8.depthwise(job, rows[i]); });
}

void Session::global_pool_int8(const Op& op, int path) noexcept {
  const Value& input = model_.program.values[op.input];
  const int pixels = input.h * input.w, panels = panels_of(input.channels[path]);
  const float factor = input.scale[path] / static_cast<float>(pixels);
  const Int8GlobalPool job = {data<int8_t>(op.input), pixels, stride(op.input, path),
                              input.zero_point[path], factor, data(op.output)};
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(pixels) * panels / 4), 4);
  pool_.run(parts.count(), [&](int i) { kernels_.int8.global_pool(job, parts[i]); });
}

void Session::multiply_int8(const Op& op, int path) noexcept {
  const Value &input = model_.program.values[op.input], &output = model_.program.values[op.output];
  const int c = padded(output.channels[path]), pixels = output.h * output.w;
  const Int8Multiply job = {data<int8_t>(op.input),
                            data(op.input2),
                            c,
                            c,
                            input.zero_point[path],
                            output.zero_point[path],
                            input.scale[path] / output.scale[path],
                            data<int8_t>(op.output)};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels_.int8.multiply(job, parts[i]); });
}

void Session::add_int8(const Op& op, int path) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &other = program.values[op.input2], &output = program.values[op.output];
  const int c = padded(output.channels[path]), pixels = output.h * output.w;
  const Range bounds = int8_bounds(op, path);
  const Int8Add job = {data<int8_t>(op.input),
                       data<int8_t>(op.input2),
                       c,
                       input.zero_point[path],
                       other.zero_point[path],
                       output.zero_point[path],
                       input.scale[path] / output.scale[path],
                       other.scale[path] / output.scale[path],
                       data<int8_t>(op.output),
                       bounds.begin,
                       bounds.end};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels_.int8.add(job, parts[i]); });
}

void Session::max_pool_int8(const Op& op, int path) noexcept {
  const Value &input = model_.program.values[op.input], &output = model_.program.values[op.output];
  const int c = padded(output.channels[path]);
  const Int8MaxPool job = {data<int8_t>(op.input), input.h, input.w, c, op.window, data<int8_t>(op.output), output.w};
  const double work = double(output.h) * output.w * c / kPanel * op.window.kernel * op.window.kernel / 4;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.int8.max_pool(job, rows[i]); });
}

void Session::group_norm_int8(const Op& op, const OpWeights& weights, int path) noexcept {
  const Value &input = model_.program.values[op.input], &output = model_.program.values[op.output];
  const int pixels = output.h * output.w, panels = panels_of(output.channels[path]);
  const Epilogue affine = epilogue_of(op, weights, path);
  const Range bounds = int8_bounds(op, path);
  const Int8GroupNorm job = {data<int8_t>(op.input),
                             pixels,
                             stride(op.input, path),
                             input.zero_point[path],
                             output.zero_point[path],
                             input.scale[path],
                             output.scale[path],
                             model_.program.norm_eps,
                             affine.scale,
                             affine.shift,
                             data<int8_t>(op.output),
                             bounds.begin,
                             bounds.end};
  const Parts parts = cut(panels, parts_for(pool_.threads(), 2.0 * pixels * panels), 1);
  pool_.run(parts.count(), [&](int i) { kernels_.int8.group_norm(job, parts[i]); });
}

}  // namespace dsnet
