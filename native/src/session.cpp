#include "session.h"

#include <sys/mman.h>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

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

Session::Session(const Model& model, int threads, const KernelSet& kernels, const std::vector<int>& cores)
    : model_(model), kernels_(kernels), arena_(allocate(model.layout.bytes)), pool_(threads, cores) {
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

void Session::run(int o, int path, const float* image) noexcept {
  const Op& op = model_.program.ops[o];
  const bool sliced = model_.strategy == Strategy::slicing || op.segment != Segment::suffix;
  const OpWeights& weights = sliced ? model_.weights[o] : adapted(o, path);
  run(op, weights, path, image);
}

void Session::run(Segment segment, int path, const float* image) noexcept {
  if (op_ms_ != nullptr) return run_timed(segment, path, image);
  const auto s = static_cast<size_t>(segment);
  const Program& program = model_.program;
  for (int o = program.segment_begin[s]; o < program.segment_begin[s + 1]; ++o) run(o, path, image);
}

// Apart, so that the rest pays for one branch a stage.
void Session::run_timed(Segment segment, int path, const float* image) noexcept {
  const auto s = static_cast<size_t>(segment);
  const Program& program = model_.program;
  clock_.lap_ms();
  for (int o = program.segment_begin[s]; o < program.segment_begin[s + 1]; ++o) {
    run(o, path, image);
    op_ms_[o] += clock_.lap_ms();
  }
}

const OpWeights& Session::adapted(int op, int path) noexcept {
  const bool copied = model_.strategy == Strategy::indexing;
  adapted_ = copied ? gather(model_.program, model_.weights, op, path, scratch_.get())
                    : with_all_sums(model_.program, model_.weights, op, path);
  return adapted_;
}

void Session::run(const Op& op, const OpWeights& weights, int path, const float* image) noexcept {
  switch (model_.program.precision) {
    case Precision::fp32: return run_float<float>(op, weights, path, image);
    case Precision::int8: return run_int8(op, weights, path);
    case Precision::bf16: return run_float<Bf16>(op, weights, path, image);
    case Precision::fp16: return run_float<Fp16>(op, weights, path, image);
  }
}

template <class Map>
const auto& Session::kernels() const {
  if constexpr (std::is_same_v<Map, float>) {
    return kernels_.fp32;
  } else if constexpr (std::is_same_v<Map, Bf16>) {
    return kernels_.bf16;
  } else {
    return kernels_.fp16;
  }
}

template <class Map>
void Session::run_float(const Op& op, const OpWeights& weights, int path, const float* image) noexcept {
  switch (op.kind) {
    case Kind::conv2d:
      if (op.input != model_.program.input) {
        return conv2d<Map, Map>(op, weights, path, data<Map>(op.input), kernels<Map>().conv2d);
      } else if constexpr (std::is_same_v<Map, float>) {
        return conv2d<float, Map>(op, weights, path, image, kernels<Map>().conv2d);
      } else {
        return conv2d<float, Map>(op, weights, path, image, kernels<Map>().conv2d_image);
      }
    case Kind::depthwise: return depthwise<Map>(op, weights, path);
    case Kind::pointwise: return pointwise<Map>(op, weights, path);
    case Kind::linear: return linear(op, weights, path);
    case Kind::global_pool: return global_pool<Map>(op, path);
    case Kind::multiply: return multiply<Map>(op, path);
    case Kind::add: return add<Map>(op, path);
  }
}

template <class Map>
void Session::pointwise(const Op& op, const OpWeights& weights, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int panels = panels_of(output.channels[path]);
  const GemmOf<Map> job = gemm<Map>(op, weights, path);
  const auto& table = kernels<Map>();
  const GemmSplit split = split_gemm(output.h * output.w, job.k, panels, table, pool_.threads(), sizeof(Map));
  pool_.run(split.count(), [&](int i) { table.gemm(job, split.rows_of(i), split.panels_of(i)); });
}

// Of every precision, on float vectors.
void Session::linear(const Op& op, const OpWeights& weights, int path) noexcept {
  switch (weights.type) {
    case Type::i8: return linear_of<int8_t>(op, weights, path, kernels_.fp32.linear_i8);
    case Type::bf16: return linear_of<Bf16>(op, weights, path, kernels_.bf16.linear);
    case Type::f16: return linear_of<Fp16>(op, weights, path, kernels_.fp16.linear);
    default: break;
  }
  const int panels = panels_of(model_.program.channels(op.output, path));
  const Gemm job = gemm<float>(op, weights, path);
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(job.k) * panels), 4);
  pool_.run(parts.count(), [&](int i) { kernels_.fp32.linear(job, parts[i]); });
}

template <class Weight, class Kernel>
void Session::linear_of(const Op& op, const OpWeights& weights, int path, Kernel kernel) noexcept {
  const int panels = panels_of(model_.program.channels(op.output, path));
  const int k = model_.program.channels(op.input, path);
  const LinearOf<Weight> job = {
      data(op.input), k, weights.as<Weight>(), weights.stride, data(op.output), epilogue_of(op, weights, path)};
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(k) * panels), 4);
  pool_.run(parts.count(), [&](int i) { kernel(job, parts[i]); });
}

template <class Map>
GemmOf<Map> Session::gemm(const Op& op, const OpWeights& weights, int path) const noexcept {
  GemmOf<Map> job;
  job.input = data<Map>(op.input);
  job.input_stride = stride(op.input, path);
  job.k = model_.program.channels(op.input, path);
  job.weights = {weights.as<Map>(), weights.stride};
  job.output = data<Map>(op.output);
  job.output_stride = stride(op.output, path);
  job.epilogue = epilogue_of(op, weights, path);
  return job;
}

template <class In, class Map, class Kernel>
void Session::conv2d(const Op& op, const OpWeights& weights, int path, const In* input, Kernel kernel) noexcept {
  const Program& program = model_.program;
  const Value &from = program.values[op.input], &output = program.values[op.output];
  const int panels = panels_of(output.channels[path]);
  Conv2dOf<In, Map> job;
  job.input = input;
  job.h = from.h, job.w = from.w, job.c_in = from.channels[path];
  job.input_stride = op.input == program.input ? job.c_in : stride(op.input, path);
  job.window = op.window;
  job.weights = {weights.as<float>(), weights.stride};
  job.output = data<Map>(op.output);
  job.out_w = output.w;
  job.output_stride = stride(op.output, path);
  job.epilogue = epilogue_of(op, weights, path);
  const double work = double(output.h) * output.w * op.window.kernel * op.window.kernel * job.c_in * panels;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernel(job, rows[i], {0, panels}); });
}

template <class Map>
void Session::depthwise(const Op& op, const OpWeights& weights, int path) noexcept {
  const Program& program = model_.program;
  const Value &input = program.values[op.input], &output = program.values[op.output];
  DepthwiseOf<Map> job;
  job.input = data<Map>(op.input);
  job.h = input.h, job.w = input.w, job.c = padded(output.channels[path]);
  job.stride = job.c;
  job.window = op.window;
  job.taps = weights.as<float>();
  job.taps_stride = weights.stride;
  job.output = data<Map>(op.output);
  job.out_w = output.w;
  job.epilogue = epilogue_of(op, weights, path);
  job.row_sums = row_sums(op);
  const double work = double(output.h) * output.w * job.c / kPanel * op.window.kernel * op.window.kernel;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels<Map>().depthwise(job, rows[i]); });
}

template <class Map>
void Session::global_pool(const Op& op, int path) noexcept {
  const Value& input = model_.program.values[op.input];
  const int pixels = input.h * input.w, panels = panels_of(input.channels[path]);
  const float* sums = row_sums(op);
  const int rows = sums != nullptr ? input.h : pixels;
  const float factor = 1 / float(pixels);
  const GlobalPoolOf<Map> of_map = {data<Map>(op.input), rows, stride(op.input, path), data(op.output), factor};
  const GlobalPool of_sums = {sums, rows, of_map.stride, of_map.output, factor};
  const Parts parts = cut(panels, parts_for(pool_.threads(), double(rows) * panels), 1);
  pool_.run(parts.count(), [&](int i) {
    sums != nullptr ? kernels_.fp32.global_pool(of_sums, parts[i]) : kernels<Map>().global_pool(of_map, parts[i]);
  });
}

template <class Map>
void Session::multiply(const Op& op, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int c = padded(output.channels[path]), pixels = output.h * output.w;
  const MultiplyOf<Map> job = {data<Map>(op.input), data(op.input2), c, c, data<Map>(op.output)};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels<Map>().multiply(job, parts[i]); });
}

template <class Map>
void Session::add(const Op& op, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int c = padded(output.channels[path]), pixels = output.h * output.w;
  const AddOf<Map> job = {data<Map>(op.input), data<Map>(op.input2), c, data<Map>(op.output)};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels<Map>().add(job, parts[i]); });
}

}  // namespace dsnet
