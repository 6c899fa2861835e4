#include "layout.h"

#include <algorithm>
#include <cinttypes>
#include <numeric>
#include <utility>

#include "conv2d_int8.h"
#include "error.h"
#include "weights.h"

namespace dsnet {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 30;  // a hostile file must not exhaust memory

constexpr uint64_t kAlignment = 64;

// One or more values that take the same memory, alive from op `begin` to op `end`, both included.
struct Block {
  int begin, end;
  uint64_t bytes;
  uint64_t offset;
};

// The last op that needs each value. What crosses a segment boundary stays to the end of the segment behind the gate, so that
// gate and segment can run again on the same features; what leaves the model stays for good.
std::vector<int> last_uses(const Program& program) {
  const int n_ops = static_cast<int>(program.ops.size());
  std::vector<int> last(program.values.size(), -1), written(program.values.size(), 0);
  if (program.n_gates() == 0) written[program.input] = -1;  // before everything
  for (int o = 0; o < n_ops; ++o) {
    const Op& op = program.ops[o];
    const int behind = program.segment_begin[(op.segment + 1) / 2 * 2 + 1];
    for (const int v : {op.input, op.input2}) {
      if (v >= 0) last[v] = std::max(last[v], op.segment == written[v] ? o : behind);
    }
    last[op.output] = o;
    written[op.output] = op.segment;
  }
  last[program.logits] = n_ops;
  for (const int scores : program.scores) last[scores] = n_ops;
  return last;
}

// A dense convolution of a feature map takes it with its padding around it. Of integers, what lies under a window is copied
// anyway.
bool pads_map(const Program& program, const Op& op) {
  return op.kind == Kind::conv2d && op.window.padding > 0 && op.input != program.input && program.precision != Precision::int8;
}

// A pool that follows the depthwise op whose output it pools reads the sums that the op leaves of each row, not the map.
bool sums_rows(const Program& program, int o) {
  const std::vector<Op>& ops = program.ops;
  return ops[o].kind == Kind::depthwise && o + 1 < static_cast<int>(ops.size()) && ops[o + 1].kind == Kind::global_pool &&
         ops[o + 1].input == ops[o].output && ops[o + 1].segment == ops[o].segment;
}

uint64_t aligned(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool overlap(const Block& a, const Block& b) { return a.begin <= b.end && b.begin <= a.end; }

// Largest first, each at the lowest offset that is free for all its life.
uint64_t place(std::vector<Block>& blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(blocks[b].bytes, a) < std::pair(blocks[a].bytes, b); });
  std::vector<const Block*> placed;  // by offset
  uint64_t total = 0;
  for (const size_t i : order) {
    Block& block = blocks[i];
    block.offset = 0;
    for (const Block* other : placed) {
      if (!overlap(block, *other)) continue;
      if (block.offset + block.bytes <= other->offset) break;
      block.offset = std::max(block.offset, other->offset + other->bytes);
    }
    total = std::max(total, block.offset + block.bytes);
    if (total > kMostBytes) {
      fail(DSNET_ERROR_FORMAT, "dsnet.value: expected activations of at most %" PRIu64 " bytes, found more", kMostBytes);
    }
    const auto at = std::find_if(placed.begin(), placed.end(), [&](const Block* other) { return other->offset > block.offset; });
    placed.insert(at, &block);
  }
  return total;
}

}  // namespace

Layout plan_layout(const Program& program) {
  const std::vector<int> last = last_uses(program);
  constexpr size_t kNone = Layout::kNone;
  std::vector<size_t> block_of(program.values.size(), kNone), sums_of(program.ops.size(), kNone);
  std::vector<size_t> padded_of(program.ops.size(), kNone);
  std::vector<Block> blocks;
  if (program.precision == Precision::int8 || program.n_gates() == 0) {  // the image as integers, or kept for later
    const Value& image = program.values[program.input];
    const uint64_t elements = static_cast<uint64_t>(image.h) * static_cast<uint64_t>(image.w) * 3;
    const uint64_t bytes = elements * bytes_of(image.type) + kConv2dSlack;
    block_of[program.input] = 0;
    blocks.push_back({0, last[program.input], (bytes + kAlignment - 1) / kAlignment * kAlignment, 0});
  }
  for (int o = 0; o < static_cast<int>(program.ops.size()); ++o) {
    const Op& op = program.ops[o];
    // A product, a sum or a norm overwrites a feature map that nobody needs any more.
    if ((has_two_inputs(op.kind) || op.kind == Kind::group_norm) && last[op.input] == o) {
      block_of[op.output] = block_of[op.input];
      blocks[block_of[op.input]].end = last[op.output];
      continue;
    }
    const Value& value = program.values[op.output];
    const auto h = static_cast<uint64_t>(value.h), w = static_cast<uint64_t>(value.w);
    const auto c = static_cast<uint64_t>(padded(value.channels.back()));
    block_of[op.output] = blocks.size();
    blocks.push_back({o, last[op.output], aligned(h * w * c * bytes_of(value.type)), 0});
    if (pads_map(program, op)) {
      const Value& from = program.values[op.input];
      const uint64_t around = 2 * static_cast<uint64_t>(op.window.padding);
      const uint64_t pixels = (static_cast<uint64_t>(from.h) + around) * (static_cast<uint64_t>(from.w) + around);
      padded_of[o] = blocks.size();
      blocks.push_back({o, o, aligned(pixels * static_cast<uint64_t>(padded(from.channels.back())) * bytes_of(from.type)), 0});
    }
    if (sums_rows(program, o)) {
      sums_of[o] = sums_of[o + 1] = blocks.size();
      blocks.push_back({o, o + 1, h * c * sizeof(float), 0});
    }
  }
  Layout layout = {std::vector<size_t>(program.values.size()), sums_of, padded_of, 0};
  layout.bytes = static_cast<size_t>(place(blocks));
  for (size_t v = 0; v < block_of.size(); ++v) {
    if (block_of[v] != kNone) layout.offsets[v] = static_cast<size_t>(blocks[block_of[v]].offset);
  }
  for (std::vector<size_t>* of_ops : {&layout.row_sums, &layout.padded}) {
    for (size_t& block : *of_ops) {
      if (block != kNone) block = static_cast<size_t>(blocks[block].offset);
    }
  }
  return layout;
}

}  // namespace dsnet
