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
  gate_ = path_ = 0;
  if (model_.program.precision == Precision::int8) {
    quantize(image);
  } else if (model_.program.n_gates() == 0) {  // everything comes later
    const Value& value = model_.program.values[model_.program.input];
    std::memcpy(data(model_.program.input), image,
                sizeof(float) * 3 * static_cast<size_t>(value.h) * static_cast<size_t>(value.w));
  }
  run_segment(0, 0, image);
  done_ = model_.program.n_gates() == 0 ? Done::gate : Done::segment;
}

bool Session::gate() noexcept {
  if (done_ == Done::nothing) return false;
  run_segment(2 * gate_ + 1, path_, nullptr);
  done_ = Done::gate;
  return true;
}

bool Session::segment(int choice) noexcept {
  const Program& program = model_.program;
  if (done_ != Done::gate || gate_ + 1 >= program.n_gates()) return false;
  path_ += choice * program.path_step(static_cast<size_t>(gate_));
  run_segment(2 * ++gate_, path_, nullptr);
  done_ = Done::segment;
  return true;
}

bool Session::suffix(int path) noexcept {
  const Program& program = model_.program;
  if (done_ != Done::gate || gate_ + 1 < program.n_gates() || program.branch(2 * gate_, path) != path_) return false;
  run_segment(program.last_segment(), path, nullptr);
  return true;
}

void Session::run(int o, int path, const float* image) noexcept {
  const Op& op = model_.program.ops[o];
  const bool sliced = model_.strategy == Strategy::slicing || op.segment < 2;
  const OpWeights& weights = sliced ? model_.weights[o] : adapted(o, path);
  run(op, weights, path, image);
}

void Session::run_segment(int segment, int path, const float* image) noexcept {
  if (segment >= 2) {
    for (const Mask& mask : model_.masks) fill(mask, path, static_cast<int>(stride(mask.value, path)), data(mask.value));
  }
  if (op_ms_ != nullptr) return run_timed(segment, path, image);
  const Program& program = model_.program;
  for (int o = program.segment_begin[segment]; o < program.segment_begin[segment + 1]; ++o) run(o, path, image);
}

// Apart, so that the rest pays for one branch a stage.
void Session::run_timed(int segment, int path, const float* image) noexcept {
  const Program& program = model_.program;
  clock_.lap_ms();
  for (int o = program.segment_begin[segment]; o < program.segment_begin[segment + 1]; ++o) {
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
      if (op.input != model_.program.input) return conv2d_of_map<Map>(op, weights, path);
      if (image == nullptr) image = data(op.input);  // kept by the prefix
      if constexpr (std::is_same_v<Map, float>) {
        return conv2d<float, Map>(op, weights, path, image, op.window, kernels<Map>().conv2d);
      } else {
        return conv2d<float, Map>(op, weights, path, image, op.window, kernels<Map>().conv2d_image);
      }
    case Kind::depthwise: return depthwise<Map>(op, weights, path);
    case Kind::pointwise: return pointwise<Map>(op, weights, path);
    case Kind::linear: return linear(op, weights, path);
    case Kind::global_pool: return global_pool<Map>(op, path);
    case Kind::multiply: return multiply<Map>(op, path);
    case Kind::add: return add<Map>(op, path);
    case Kind::group_norm: return group_norm<Map>(op, weights, path);
    case Kind::max_pool: return max_pool<Map>(op, path);
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

// The panels are cut as well, so that those of one part stay in a cache while all rows pass over them.
template <class In, class Map, class Kernel>
void Session::conv2d(const Op& op, const OpWeights& weights, int path, const In* input, const Window& window,
                     Kernel kernel) noexcept {
  const Program& program = model_.program;
  const Value &from = program.values[op.input], &output = program.values[op.output];
  const int panels = panels_of(output.channels[path]), around = 2 * (op.window.padding - window.padding);
  Conv2dOf<In, Map> job;
  job.input = input;
  job.h = from.h + around, job.w = from.w + around, job.c_in = from.channels[path];
  job.input_stride = op.input == program.input ? job.c_in : stride(op.input, path);
  job.window = window;
  job.weights = {weights.as<float>(), weights.stride};
  job.output = data<Map>(op.output);
  job.out_w = output.w;
  job.output_stride = stride(op.output, path);
  job.epilogue = epilogue_of(op, weights, path);
  const double steps = double(window.kernel) * window.kernel * job.c_in;
  constexpr double kFewSteps = 256;  // whose panels stay in the cache nearest to the core, however many there are
  const int tile = kernels<Map>().tile_panels;
  const Parts columns = cut(panels, steps > kFewSteps ? panels / tile : 1, tile);
  const double work = double(output.h) * output.w * steps * panels / columns.count();
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(columns.count() * rows.count(), [&](int i) { kernel(job, rows[i % rows.count()], columns[i / rows.count()]); });
}

template <class Map>
void Session::conv2d_of_map(const Op& op, const OpWeights& weights, int path) noexcept {
  const size_t place = model_.layout.padded[static_cast<size_t>(&op - model_.program.ops.data())];
  if (place == Layout::kNone) return conv2d<Map, Map>(op, weights, path, data<Map>(op.input), op.window, kernels<Map>().conv2d);
  Map* map = reinterpret_cast<Map*>(arena_.get() + place);
  pad(op, path, map);
  conv2d<Map, Map>(op, weights, path, map, {op.window.kernel, op.window.stride, 0}, kernels<Map>().conv2d);
}

// The input with zeros around it, so that the convolution has no edges.
template <class Map>
void Session::pad(const Op& op, int path, Map* to) const noexcept {
  const Value& from = model_.program.values[op.input];
  const int padding = op.window.padding;
  const auto pixel = static_cast<size_t>(stride(op.input, path)), row = pixel * static_cast<size_t>(from.w);
  const size_t side = pixel * static_cast<size_t>(padding), edge = (row + 2 * side) * static_cast<size_t>(padding);
  const Map* input = data<Map>(op.input);
  std::memset(to, 0, edge * sizeof(Map));
  to += edge;
  for (int y = 0; y < from.h; ++y, input += row, to += row + 2 * side) {
    std::memset(to, 0, side * sizeof(Map));
    std::memcpy(to + side, input, row * sizeof(Map));
    std::memset(to + side + row, 0, side * sizeof(Map));
  }
  std::memset(to, 0, edge * sizeof(Map));
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
  const AddOf<Map> job = {data<Map>(op.input), data<Map>(op.input2), c, op.activation, data<Map>(op.output)};
  const Parts parts = cut(pixels, parts_for(pool_.threads(), double(pixels) * c / kPanel), 1);
  pool_.run(parts.count(), [&](int i) { kernels<Map>().add(job, parts[i]); });
}

template <class Map>
void Session::max_pool(const Op& op, int path) noexcept {
  const Value &input = model_.program.values[op.input], &output = model_.program.values[op.output];
  const int c = padded(output.channels[path]);
  const MaxPoolOf<Map> job = {data<Map>(op.input), input.h, input.w, c, op.window, data<Map>(op.output), output.w};
  const double work = double(output.h) * output.w * c / kPanel * op.window.kernel * op.window.kernel;
  const Parts rows = cut(output.h, parts_for(pool_.threads(), work), 1);
  pool_.run(rows.count(), [&](int i) { kernels<Map>().max_pool(job, rows[i]); });
}

template <class Map>
void Session::group_norm(const Op& op, const OpWeights& weights, int path) noexcept {
  const Value& output = model_.program.values[op.output];
  const int pixels = output.h * output.w, panels = panels_of(output.channels[path]);
  const GroupNormOf<Map> job = {data<Map>(op.input),    pixels,
                                stride(op.input, path), model_.program.norm_eps,
                                data<Map>(op.output),   epilogue_of(op, weights, path)};
  const Parts parts = cut(panels, parts_for(pool_.threads(), 2.0 * pixels * panels), 4);
  pool_.run(parts.count(), [&](int i) { kernels<Map>().group_norm(job, parts[i]); });
}

}  // namespace dsnet
