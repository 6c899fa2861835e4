#include "session.h"

#include <sys/mman.h>
#include <cstdlib>
#include <cstring>
#include <new>

#include "split.h"

namespace dsnet {
namespace {

constexpr size_t kPage = 4096, kHugePage = size_t{2} << 20;

// In huge pages where the system has them: fewer misses of the TLB, and neighbours that do not share lines of the L2 cache.
uint8_t* allocate(size_t size) {
  const size_t bytes = (size + kPage - 1) / kPage * kPage;
  void* memory = nullptr;
  if (posix_memalign(&memory, bytes < kHugePage ? kPage : kHugePage, bytes) != 0) throw std::bad_alloc();
  madvise(memory, bytes, MADV_HUGEPAGE);
  std::memset(memory, 0, bytes);  // now, so that the first image does not pay for page faults
  return static_cast<uint8_t*>(memory);
}

}  // namespace

void Session::Free::operator()(uint8_t* data) const { std::free(data); }

Session::Session(const Model& model, int threads, const Kernels& kernels, const Int8Kernels& int8_kernels,
                 const std::vector<int>& cores)
    : model_(model), kernels_(kernels), int8_kernels_(int8_kernels), arena_(allocate(model.layout.bytes)), pool_(threads, cores) {
  if (model.strategy == Strategy::indexing) scratch_.reset(allocate(gathered_bytes(model.program, model.weights)));
}

void Session::prefix(const float* image) noexcept {
  if (model_.program.precision == Precision::int8) quantize(image);
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
  for (const Mask& mask : model_.masks) fill(mask, path, static_cast<int>(stride(mask.value, path)), data(mask.value));
  run(Segment::suffix, path, nullptr);
  return true;
}

void Session::run(Segment segment, int path, const float* image) noexcept {
  const Program& program = model_.program;
  const auto s = static_cast<size_t>(segment);
  for (int o = program.segment_begin[s]; o < program.segment_begin[s + 1]; ++o) {
    const Op& op = program.ops[o];
    const bool sliced = model_.strategy == Strategy::slicing || segment != Segment::suffix;
    const OpWeights& weights = sliced ? model_.weights[o] : adapted(o, path);
    program.precision == Precision::int8 ? run_int8(op, weights, path) : run(op, weights, path, image);
  }
}

const OpWeights& Session::adapted(int op, int path) noexcept {
  const bool copied = model_.strategy == Strategy::indexing;
  adapted_ = copied ? gather(model_.program, model_.weights, op, path, scratch_.get())
                    : with_all_sums(model_.program, model_.weights, op, path);
  return adapted_;
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
  const Value& output = model_.program.values[op.output];
  const int panels = panels_of(output.channels[path]);
  const Gemm job = gemm(op, weights, path);
  const GemmSplit split = split_gemm(output.h * output.w, job.k, panels, kernels_, pool_.threads());
  pool_.run(split.count(), [&](int i) { kernels_.gemm(job, split.rows_of(i), split.panels_of(i)); });
}

void Session::linear(const Op& op, const OpWeights& weights, int path) noexcept {
  const int panels = panels_of(model_.program.channels(op.output, path));
  const Gemm job = gemm(op, weights, path);
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(job.k) * panels), 4);
  pool_.run(parts.count(), [&](int i) { kernels_.linear(job, parts[i]); });
}

Gemm Session::gemm(const Op& op, const OpWeights& weights, int path) const noexcept {
  Gemm job;
  job.input = data(op.input);
  job.input_stride = stride(op.input, path);
  job.k = model_.program.channels(op.input, path);
  job.weights = {weights.as<float>(), weights.stride};
  job.output = data(op.output);
  job.output_stride = stride(op.output, path);
  job.epilogue = epilogue_of(op, weights, path);
  return job;
}

void Session::conv2d(const Op& op, const OpWeights& weights, int path, const float* image) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  const bool reads_image = op.input == program.input;
  const int panels = panels_of(output.channels[path]);
  Conv2d job;
  job.input = reads_image ? image : data(op.input);
  job.h = input.h, job.w = input.w, job.c_in = input.channels[path];
  job.input_stride = reads_image ? job.c_in : stride(op.input, path);
  job.window = op.window;
  job.weights = {weights.as<float>(), weights.stride};
  job.output = data(op.output);
  job.out_w = output.w;
  job.output_stride = stride(op.output, path);
  job.epilogue = epilogue_of(op, weights, path);
  const double work = double(output.h) * output.w * op.window.kernel * op.window.kernel * job.c_in * panels;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.conv2d(job, rows[i], {0, panels}); });
}

void Session::depthwise(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  Depthwise job;
  job.input = data(op.input);
  job.h = input.h, job.w = input.w, job.c = padded(output.channels[path]);
  job.stride = job.c;
  job.window = op.window;
  job.taps = weights.as<float>();
  job.taps_stride = weights.stride;
  job.output = data(op.output);
  job.out_w = output.w;
  job.epilogue = epilogue_of(op, weights, path);
  job.row_sums = row_sums(op);
  const double work = double(output.h) * output.w * job.c / kPanel * op.window.kernel * op.window.kernel;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels_.depthwise(job, rows[i]); });
}

void Session::global_pool(const Op& op, int path) noexcept {
  const Value& input = model_.program.values[op.input];
  const int pixels = input.h * input.w, panels = panels_of(input.channels[path]);
  GlobalPool job = {data(op.input), pixels, stride(op.input, path), data(op.output), 1 / float(pixels)};
  if (const float* sums = row_sums(op)) job.input = sums, job.rows = input.h;
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(job.rows) * panels), 1);
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
