#include "strategies.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "error.h"

namespace dsnet {
namespace {

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool same_on_all(const std::vector<int>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [&](int n) { return n == numbers.front(); });
}

}  // namespace

Strategy strategy_of(const char* name) {
  const std::string_view wanted = name != nullptr ? name : "slicing";
  if (wanted == "slicing") return Strategy::slicing;
  if (wanted == "masking") return Strategy::masking;
  if (wanted == "indexing") return Strategy::indexing;
  fail(DSNET_ERROR_ARGUMENT, "strategy: expected slicing, masking or indexing, found %s", quoted(wanted).c_str());
}

std::vector<Mask> mask_program(Program& program) {
  std::vector<std::vector<int>> kept;
  for (Value& value : program.values) {
    kept.push_back(value.channels);
    std::fill(value.channels.begin(), value.channels.end(), int{value.channels.back()});
  }
  const auto n_paths = static_cast<size_t>(program.n_paths);
  std::vector<Mask> masks;
  std::vector<Op> ops;
  std::vector<int> now(program.values.size());  // where each value is found, once it is masked
  for (size_t v = 0; v < now.size(); ++v) now[v] = static_cast<int>(v);
  for (Op op : program.ops) {
    op.input = now[op.input];
    if (op.input2 >= 0) op.input2 = now[op.input2];
    const int written = op.output;
    // Behind a convolution whose norm is an op of its own, it is the norm that would make something of nothing.
    const bool is_map = op.kind == Kind::group_norm || (has_weights(op.kind) && op.kind != Kind::linear && !op.scale.empty());
    ops.push_back(op);
    if (!is_map || same_on_all(kept[written])) continue;
    const int mask = static_cast<int>(program.values.size()), output = mask + 1;
    const std::vector<int> channels = program.values[written].channels;
    program.values.push_back(
        {op.name + ".mask", Type::f32, 1, 1, channels, std::vector<float>(n_paths, 1.0F), std::vector<int>(n_paths, 0)});
    Value masked = program.values[written];
    masked.name = op.name + ".masked";
    program.values.push_back(std::move(masked));
    Op multiply = {};
    multiply.name = op.name + ".multiply";
    multiply.kind = Kind::multiply;
    multiply.segment = op.segment;
    multiply.input = written, multiply.input2 = mask, multiply.output = output;
    multiply.window = {1, 1, 0};
    multiply.rows.assign(n_paths, 0);
    ops.push_back(std::move(multiply));
    masks.push_back({mask, kept[written]});
    now[written] = output;
  }
  program.ops = std::move(ops);
  program.segment_begin = segment_begins(program.ops, program.segment_names.size());
  return masks;
}

void add_masks(const Program& program, const std::vector<Mask>& masks, Layout& layout) {
  for (const Mask& mask : masks) {
    layout.offsets[mask.value] = layout.bytes;
    const int width = program.channels(mask.value, program.widest());
    layout.bytes += aligned(static_cast<size_t>(padded(width)) * sizeof(float));
  }
}

void fill(const Mask& mask, int path, int width, float* data) {
  const int kept = mask.kept[path];
  std::fill(data, data + kept, 1.0F);
  std::fill(data + kept, data + width, 0.0F);
}

OpWeights with_all_sums(const Program& program, const Weights& weights, int o, int path) {
  const std::vector<int>& rows = program.ops[o].rows;
  OpWeights own = weights[o];
  if (own.sums != nullptr) own.sums += (rows[program.widest()] - rows[path]) * own.row_stride;
  return own;
}

size_t gathered_bytes(const Program& program, const Weights& weights) {
  size_t most = 0;
  for (int o = program.segment_begin[2]; o < program.segment_begin.back(); ++o) {
    for (int path = 0; path < program.n_paths; ++path) {
      const Slice slice = slice_of(program, o, path);
      most = std::max(most, static_cast<size_t>(slice.blocks * slice.elements) * bytes_of(weights[o].type));
    }
  }
  return most;
}

OpWeights gather(const Program& program, const Weights& weights, int op, int path, uint8_t* scratch) {
  const Slice slice = slice_of(program, op, path);
  OpWeights packed = weights[op];
  const size_t size = bytes_of(packed.type);
  for (ptrdiff_t block = 0; block < slice.blocks; ++block) {
    std::memcpy(scratch + static_cast<size_t>(block * slice.elements) * size,
                weights[op].data + static_cast<size_t>(block * packed.stride) * size, static_cast<size_t>(slice.elements) * size);
  }
  packed.data = scratch;
  packed.stride = slice.elements;
  return packed;
}

}  // namespace dsnet
