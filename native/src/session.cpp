#include "session.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "split.h"

namespace dsnet {
namespace {

constexpr size_t kArenaAlignment = 4096;

float* allocate(size_t floats) {
  const size_t bytes = (floats * sizeof(float) + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  void* memory = std::aligned_alloc(kArenaAlignment, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, bytes);  // now, so that the first image does not pay for page faults
  return static_cast<float*>(memory);
}

Epilogue epilogue_of(const Op& op, const OpWeights& weights, int path) {
  const ptrdiff_t row = op.rows[path] * weights.row_stride;
  return {weights.scale != nullptr ? weights.scale + row : nullptr, weights.shift != nullptr ? weights.shift + row : nullptr,
          op.activation};
}

}  // namespace

void Session::Free::operator()(float* data) const { std::free(data); }

Session::Session(const Model& model, int threads, const Kernels& kernels)
    : model_(model), kernels_(kernels), arena_(allocate(model.layout.floats)), pool_(threads) {}

void Session::prefix(const float* image) noexcept {
  run(Segment::prefix, 0, image);
  done_ = Done::prefix;
}

bool Session::gate() noexcept {
  if (done_ == Done::nothing) return false;
  run(Segment::gate, 0, nullptr);
  done_ = Done::gate;
  return true;
}

bool Session::suffix(int path) noexcept {
  if (done_ != Done::gate) return false;
  run(Segment::suffix, path, nullptr);
  return true;
}

void Session::run(Segment segment, int path, const float* image) noexcept {
  const Program& program = model_.program;
  const auto s = static_cast<size_t>(segment);
  for (int o = program.segment_begin[s]; o < program.segment_begin[s + 1]; ++o) run(program.ops[o], model_.weights[o], path, image);
}

void Session::run(const Op& op, const OpWeights& weights, int path, const float* image) noexcept {
  switch (op.kind) {
    case Kind::conv2d: return conv2d(op, weights, path, image);
    case Kind::depthwise: return depthwise(op, weights, path);
    case Kind::pointwise: return pointwise(op, weights, path);
    case Kind::linear: return linear(op, weights, path);
    case Kind::global_pool: return global_pool(op, path);
    case Kind::multiply: return multiply(op, path);
  }
}

void Session::pointwise(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const Value& output = program.values[op.output];
  const int k = program.channels(op.input, path), panels = panels_of(output.channels[path]);
  const Gemm job = {data(op.input),  stride(op.input, path),  k, {weights.data, weights.stride},
                    data(op.output), stride(op.output, path), epilogue_of(op, weights, path)};
  const GemmSplit split = split_gemm(output.h * output.w, k, panels, kernels_, pool_.threads());
  pool_.run(split.count(), [&](int i) { kernels_.gemm(job, split.rows_of(i), split.panels_of(i)); });
}

void Session::linear(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const int k = program.channels(op.input, path), panels = panels_of(program.channels(op.output, path));
  const Gemm job = {data(op.input), 0, k, {weights.data, weights.stride}, data(op.output), 0, epilogue_of(op, weights, path)};
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(k) * panels), 4);
  pool_.run(parts.count(), [&](int i) { kernels_.linear(job, parts[i]); });
}

void Session::conv2d(const Op& op, const OpWeights& weights, int path, const float* image) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  const bool reads_image = op.input == program.input;
  const int c_in = input.channels[path], panels = panels_of(output.channels[path]);
  const Conv2d job = {reads_image ? image : data(op.input),
                      input.h,
                      input.w,
                      c_in,
                      reads_image ? c_in : stride(op.input, path),
                      op.window,
                      {weights.data, weights.stride},
                      data(op.output),
                      output.w,
                      stride(op.output, path),
                      epilogue_of(op, weights, path)};
  const double work = double(output.h) * output.w * op.window.kernel * op.window.kernel * c_in * panels;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.conv2d(job, rows[i], {0, panels}); });
}

void Session::depthwise(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  const int c = padded(output.channels[path]);
  const Depthwise job = {data(op.input),  input.h,  input.w, c, c, op.window, weights.data, weights.stride,
                         data(op.output), output.w, epilogue_of(op, weights, path)};
  const double work = double(output.h) * output.w * c / kPanel * op.window.kernel * op.window.kernel;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.depthwise(job, rows[i]); });
}

void Session::global_pool(const Op& op, int path) noexcept {
  const Value& input = model_.program.values[op.input];
  const int pixels = input.h * input.w, panels = panels_of(input.channels[path]);
  const GlobalPool job = {data(op.input), pixels, stride(op.input, path), data(op.output)};
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(pixels) * panels), 1);
  pool_.run(parts.count(), [&](int i) { kernels_.global_pool(job, parts[i]); });
}

void Session::multiply(const Op& op, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int c = padded(output.channels[path]), pixels = output.h * output.w;
  const Multiply job = {data(op.input), data(op.input2), c, c, data(op.output)};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels_.multiply(job, parts[i]); });
}

}  // namespace dsnet
