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

// The last op that needs each value. What crosses a segment boundary, or leaves the model, stays to the end, so that gate and
// suffix can run again on the same features.
std::vector<int> last_uses(const Program& program) {
  const int n_ops = static_cast<int>(program.ops.size());
  std::vector<int> last(program.values.size(), -1);
  std::vector<Segment> written(program.values.size(), Segment::prefix);
  for (int o = 0; o < n_ops; ++o) {
    const Op& op = program.ops[o];
    for (const int v : {op.input, op.input2}) {
      if (v >= 0) last[v] = std::max(last[v], op.segment == written[v] ? o : n_ops);
    }
    last[op.output] = o;
    written[op.output] = op.segment;
  }
  last[program.scores] = last[program.logits] = n_ops;
  return last;
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
  std::vector<Block> blocks;
  if (program.precision == Precision::int8) {  // the image as integers
    const Value& image = program.values[program.input];
    const uint64_t bytes = static_cast<uint64_t>(image.h) * static_cast<uint64_t>(image.w) * 3 + kConv2dSlack;
    block_of[program.input] = 0;
    blocks.push_back({0, last[program.input], (bytes + kAlignment - 1) / kAlignment * kAlignment, 0});
  }
  for (int o = 0; o < static_cast<int>(program.ops.size()); ++o) {
    const Op& op = program.ops[o];
    // A product or a sum overwrites a feature map that nobody needs any more.
    if (has_two_inputs(op.kind) && last[op.input] == o) {
      block_of[op.output] = block_of[op.input];
      blocks[block_of[op.input]].end = last[op.output];
      continue;
    }
    const Value& value = program.values[op.output];
    const auto h = static_cast<uint64_t>(value.h), w = static_cast<uint64_t>(value.w);
    const auto c = static_cast<uint64_t>(padded(value.channels.back()));
    block_of[op.output] = blocks.size();
    blocks.push_back({o, last[op.output], aligned(h * w * c * bytes_of(value.type)), 0});
    if (sums_rows(program, o)) {
      sums_of[o] = sums_of[o + 1] = blocks.size();
      blocks.push_back({o, o + 1, h * c * sizeof(float), 0});
    }
  }
  Layout layout = {std::vector<size_t>(program.values.size()), sums_of, 0};
  layout.bytes = static_cast<size_t>(place(blocks));
  for (size_t v = 0; v < block_of.size(); ++v) {
    if (block_of[v] != kNone) layout.offsets[v] = static_cast<size_t>(blocks[block_of[v]].offset);
  }
  for (size_t& sums : layout.row_sums) {
    if (sums != kNone) sums = static_cast<size_t>(blocks[sums].offset);
  }
  return layout;
}

}  // namespace dsnet
