#include "weights.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <set>

#include "error.h"

namespace dsnet {
namespace {

// Not finite means all exponent bits set. Branch-free over a block, so that it runs at the speed of memory.
bool all_finite(const float* data, uint64_t count) {
  constexpr uint64_t kBlock = 4096;
  constexpr uint32_t kExponent = 0x7f800000;
  const auto* words = reinterpret_cast<const uint8_t*>(data);
  for (uint64_t begin = 0; begin < count; begin += kBlock) {
    uint32_t bad = 0;
    const uint64_t end = std::min(count, begin + kBlock);
    for (uint64_t i = begin; i < end; ++i) {
      uint32_t bits;
      std::memcpy(&bits, words + i * sizeof bits, sizeof bits);
      bad |= static_cast<uint32_t>((bits & kExponent) == kExponent);
    }
    if (bad != 0) return false;
  }
  return true;
}

std::string text(const std::vector<uint64_t>& shape) {
  std::string result = "[";
  for (const uint64_t extent : shape) result += (result.size() > 1 ? ", " : "") + std::to_string(extent);
  return result + "]";
}

class Binder {
 public:
  Binder(const Program& program, const Gguf& file) : program_(program), file_(file) {}

  Weights bind() {
    Weights weights;
    for (const Op& op : program_.ops) weights.push_back(has_weights(op.kind) ? bind_op(op) : OpWeights{});
    for (const auto& [name, tensor] : file_.tensors()) {
      if (used_.count(name) == 0) {
        fail(DSNET_ERROR_FORMAT, "tensor %s: expected an op that refers to it, found none", quoted(name).c_str());
      }
      if (!all_finite(tensor.data, tensor.elements)) {
        fail(DSNET_ERROR_FORMAT, "tensor %s: expected finite numbers only", quoted(name).c_str());
      }
    }
    return weights;
  }

 private:
  const GgufTensor& find(const Op& op, const char* field, const std::string& name) {
    const auto found = file_.tensors().find(name);
    if (found == file_.tensors().end()) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.%s of op %s: expected the name of a tensor, found %s", field, quoted(op.name).c_str(),
           quoted(name).c_str());
    }
    used_.insert(found->first);
    return found->second;
  }

  // Shapes as the format lists them, innermost first; 0 stands for any extent.
  static void expect_shape(const Op& op, const char* field, const GgufTensor& tensor, const std::vector<uint64_t>& least,
                           const char* layout) {
    bool fits = tensor.shape.size() == least.size();
    for (size_t i = 0; fits && i < least.size(); ++i) fits = tensor.shape[i] >= least[i];
    if (!fits) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.%s of op %s: expected %s of at least %s, found %s", field, quoted(op.name).c_str(),
           layout, text(least).c_str(), text(tensor.shape).c_str());
    }
  }

  OpWeights bind_op(const Op& op) {
    const auto c_in = static_cast<uint64_t>(program_.channels(op.input, program_.widest()));
    const int c_out = program_.channels(op.output, program_.widest());
    const auto taps = static_cast<uint64_t>(op.window.kernel) * op.window.kernel;
    OpWeights weights;
    const GgufTensor& tensor = find(op, "weight", op.weight);
    if (op.kind == Kind::depthwise) {
      expect_shape(op, "weight", tensor, {static_cast<uint64_t>(padded(c_out)), taps}, "taps [C_pad, kernel * kernel]");
      expect_multiple(op, "weight", tensor);
      expect_extent(op, tensor, 1, taps);
      weights.stride = static_cast<ptrdiff_t>(tensor.shape[0]);
    } else {
      const uint64_t k = c_in * (op.kind == Kind::conv2d ? taps : 1);
      expect_shape(op, "weight", tensor, {kPanel, k, static_cast<uint64_t>(panels_of(c_out))}, "panels [16, K_max, n_panels]");
      expect_extent(op, tensor, 0, kPanel);
      weights.stride = static_cast<ptrdiff_t>(tensor.shape[1] * kPanel);
    }
    weights.data = tensor.data;
    bind_epilogue(op, c_out, weights);
    return weights;
  }

  static void expect_extent(const Op& op, const GgufTensor& tensor, size_t dimension, uint64_t expected) {
    if (tensor.shape[dimension] != expected) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.weight of op %s: expected %" PRIu64 " as dimension %zu, found %" PRIu64,
           quoted(op.name).c_str(), expected, dimension, tensor.shape[dimension]);
    }
  }

  static void expect_multiple(const Op& op, const char* field, const GgufTensor& tensor) {
    if (tensor.shape[0] % kPanel != 0) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.%s of op %s: expected C_pad to be a multiple of 16, found %" PRIu64, field,
           quoted(op.name).c_str(), tensor.shape[0]);
    }
  }

  void bind_epilogue(const Op& op, int c_out, OpWeights& weights) {
    const GgufTensor* scale = op.scale.empty() ? nullptr : &find(op, "scale", op.scale);
    const GgufTensor* shift = op.shift.empty() ? nullptr : &find(op, "shift", op.shift);
    const auto last_row = static_cast<uint64_t>(*std::max_element(op.rows.begin(), op.rows.end()));
    for (const auto& [field, table] : {std::pair{"scale", scale}, std::pair{"shift", shift}}) {
      if (table == nullptr) continue;
      expect_shape(op, field, *table, {static_cast<uint64_t>(padded(c_out)), last_row + 1}, "a table [C_pad, rows]");
      expect_multiple(op, field, *table);
      weights.row_stride = static_cast<ptrdiff_t>(table->shape[0]);
    }
    if (scale != nullptr && shift != nullptr && scale->shape != shift->shape) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.shift of op %s: expected the shape of its scale, %s, found %s", quoted(op.name).c_str(),
           text(scale->shape).c_str(), text(shift->shape).c_str());
    }
    weights.scale = scale != nullptr ? scale->data : nullptr;
    weights.shift = shift != nullptr ? shift->data : nullptr;
  }

  const Program& program_;
  const Gguf& file_;
  std::set<std::string_view> used_;
};

}  // namespace

Weights bind_weights(const Program& program, const Gguf& file) { return Binder(program, file).bind(); }

Bytes weights_read(const Program& program, const Weights& weights, int o, int path) {
  const Op& op = program.ops[o];
  if (!has_weights(op.kind)) return {nullptr, 0};
  const int c_in = program.channels(op.input, path), c_out = program.channels(op.output, path);
  const ptrdiff_t taps = ptrdiff_t{op.window.kernel} * op.window.kernel;
  const ptrdiff_t blocks = op.kind == Kind::depthwise ? taps : panels_of(c_out);
  const ptrdiff_t last = op.kind == Kind::depthwise ? padded(c_out) : (op.kind == Kind::conv2d ? taps : 1) * c_in * kPanel;
  return {weights[o].data, static_cast<size_t>((blocks - 1) * weights[o].stride + last) * sizeof(float)};
}

}  // namespace dsnet
