#include "weights.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstring>
#include <set>

#include "error.h"
#include "int8.h"

namespace dsnet {
namespace {

// Inputs that lie together in the panels of an op's weights.
int group_of(const Program& program, const Op& op) {
  if (program.is_int8(op) && has_panels(op.kind)) return 4;
  return program.precision == Precision::bf16 && op.kind == Kind::pointwise ? 2 : 1;
}

// Not finite means all bits of `kExponent` set: one more in the last of them reaches the sign. Without branches over a block, so
// that it runs at the speed of memory.
template <class Bits, Bits kExponent>
bool all_finite(const GgufTensor& tensor) {
  constexpr uint64_t kBlock = 4096;
  constexpr uint32_t kLastBit = kExponent & (~kExponent + 1), kSign = kExponent + kLastBit;
  for (uint64_t begin = 0; begin < tensor.elements; begin += kBlock) {
    Bits carried = 0;
    const uint64_t end = std::min(tensor.elements, begin + kBlock);
    for (uint64_t i = begin; i < end; ++i) {
      Bits bits;
      std::memcpy(&bits, tensor.data + i * sizeof bits, sizeof bits);
      carried |= static_cast<Bits>((bits & kExponent) + kLastBit);
    }
    if ((carried & kSign) != 0) return false;
  }
  return true;
}

bool all_finite(const GgufTensor& tensor) {
  switch (tensor.type) {
    case Type::f32: return all_finite<uint32_t, 0x7f800000>(tensor);
    case Type::bf16: return all_finite<uint16_t, 0x7f80>(tensor);
    case Type::f16: return all_finite<uint16_t, 0x7c00>(tensor);
    default: return true;
  }
}

// -128 has no place among weights: a kernel may sum two products in 16 bits.
bool all_symmetric(const uint8_t* data, uint64_t count) {
  uint8_t least = 0;
  for (uint64_t i = 0; i < count; ++i) least |= static_cast<uint8_t>(data[i] == 0x80);
  return least == 0;
}

std::string text(const std::vector<uint64_t>& shape) {
  std::string result = "[";
  for (const uint64_t extent : shape) result += (result.size() > 1 ? ", " : "") + std::to_string(extent);
  return result + "]";
}

void check_finite(std::string_view name, const GgufTensor& tensor) {
  if (!all_finite(tensor)) {
    fail(DSNET_ERROR_FORMAT, "tensor %s: expected finite numbers only", quoted(name).c_str());
  }
}

void check_symmetric(std::string_view name, const GgufTensor& tensor) {
  if (tensor.type == Type::i8 && !all_symmetric(tensor.data, tensor.elements)) {
    fail(DSNET_ERROR_FORMAT, "tensor %s: expected weights of -127 to 127, found -128", quoted(name).c_str());
  }
}

// Nearly all of a file.
std::set<std::string_view> panel_names(const Program& program) {
  std::set<std::string_view> names;
  for (const Op& op : program.ops) {
    if (has_panels(op.kind)) names.insert(op.weight);
  }
  return names;
}

class Binder {
 public:
  Binder(const Program& program, const Gguf& file) : program_(program), file_(file) {}

  Weights bind() {
    Weights weights;
    for (const Op& op : program_.ops) weights.push_back(has_epilogue(op.kind) ? bind_op(op) : OpWeights{});
    const std::set<std::string_view> panels = panel_names(program_);
    for (const auto& [name, tensor] : file_.tensors()) {
      if (used_.count(name) == 0) {
        fail(DSNET_ERROR_FORMAT, "tensor %s: expected an op that refers to it, found none", quoted(name).c_str());
      }
      if (panels.count(name) == 0) check_finite(name, tensor);
    }
    return weights;
  }

 private:
  const GgufTensor& find(const Op& op, const char* field, const std::string& name, Type type) {
    const GgufTensor& tensor = find(op, field, name);
    if (tensor.type != type) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.%s of op %s: expected a tensor of type %s, found %s", field, quoted(op.name).c_str(),
           name_of(type), name_of(tensor.type));
    }
    return tensor;
  }

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
    const int c_out = program_.channels(op.output, program_.widest());
    const bool integers = program_.is_int8(op);
    OpWeights weights;
    if (op.kind == Kind::group_norm) {
      bind_epilogue(op, c_out, weights);
      return weights;
    }
    const GgufTensor& tensor = op.kind == Kind::linear ? find_linear(op) : find(op, "weight", op.weight, weight_type(op));
    weights.type = tensor.type;
    weights.data = tensor.data;
    if (op.kind == Kind::depthwise) {
      check_symmetric(op.weight, tensor);
      weights.stride = bind_taps(op, tensor);
    } else if (const int group = group_of(program_, op); group > 1) {
      weights.stride = bind_grouped_panels(op, tensor, static_cast<uint64_t>(group));
    } else {
      weights.stride = bind_panels(op, tensor);
    }
    bind_epilogue(op, c_out, weights);
    if (integers) check_steps(op, weights);
    if (!op.sums.empty()) bind_sums(op, c_out, weights);
    if (!op.table.empty()) bind_table(op, weights);
    return weights;
  }

  // First convolution and depthwise taps are small, and stay f32 in half precisions.
  Type weight_type(const Op& op) const {
    const bool as_maps = program_.is_int8(op) || op.kind == Kind::pointwise;
    return as_maps ? program_.type_of_maps() : Type::f32;
  }

  // Of the precision's type or f32; integers have a scale.
  const GgufTensor& find_linear(const Op& op) {
    const GgufTensor& tensor = find(op, "weight", op.weight);
    const Type own = program_.type_of_maps();
    if (tensor.type != Type::f32 && tensor.type != own) {
      const std::string other = own == Type::f32 ? "" : std::string(" or ") + name_of(own);
      fail(DSNET_ERROR_FORMAT, "dsnet.op.weight of op %s: expected a tensor of type %s%s, found %s", quoted(op.name).c_str(),
           name_of(Type::f32), other.c_str(), name_of(tensor.type));
    }
    if (tensor.type == Type::i8 && op.scale.empty()) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.scale of op %s: expected the scale of its I8 weights, found none",
           quoted(op.name).c_str());
    }
    return tensor;
  }

  // The inputs that one output sums over on the widest path.
  uint64_t steps(const Op& op) const {
    const auto taps = static_cast<uint64_t>(op.window.kernel) * op.window.kernel;
    const auto c_in = static_cast<uint64_t>(program_.channels(op.input, program_.widest()));
    return op.kind == Kind::depthwise ? taps : op.kind == Kind::conv2d ? taps * c_in : c_in;
  }

  ptrdiff_t bind_taps(const Op& op, const GgufTensor& tensor) const {
    const int c = program_.channels(op.output, program_.widest());
    expect_shape(op, "weight", tensor, {static_cast<uint64_t>(padded(c)), steps(op)}, "taps [C_pad, kernel * kernel]");
    expect_multiple(op, "weight", tensor);
    expect_extent(op, "weight", tensor, 1, steps(op));
    return static_cast<ptrdiff_t>(tensor.shape[0]);
  }

  ptrdiff_t bind_panels(const Op& op, const GgufTensor& tensor) const {
    const auto panels = static_cast<uint64_t>(panels_of(program_.channels(op.output, program_.widest())));
    expect_shape(op, "weight", tensor, {kPanel, steps(op), panels}, "panels [16, K_max, n_panels]");
    expect_extent(op, "weight", tensor, 0, kPanel);
    return static_cast<ptrdiff_t>(tensor.shape[1] * kPanel);
  }

  ptrdiff_t bind_grouped_panels(const Op& op, const GgufTensor& tensor, uint64_t group) const {
    const auto panels = static_cast<uint64_t>(panels_of(program_.channels(op.output, program_.widest())));
    const uint64_t groups = (steps(op) + group - 1) / group;
    expect_shape(op, "weight", tensor, {group, kPanel, groups, panels}, "grouped panels [g, 16, ceil(K_max / g), n_panels]");
    expect_extent(op, "weight", tensor, 0, group);
    expect_extent(op, "weight", tensor, 1, kPanel);
    return static_cast<ptrdiff_t>(tensor.shape[2] * kPanel * group);
  }

  static void expect_extent(const Op& op, const char* field, const GgufTensor& tensor, size_t dimension, uint64_t expected) {
    if (tensor.shape[dimension] != expected) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.%s of op %s: expected %" PRIu64 " as dimension %zu, found %" PRIu64, field,
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
    const GgufTensor* scale = op.scale.empty() ? nullptr : &find(op, "scale", op.scale, Type::f32);
    const GgufTensor* shift = op.shift.empty() ? nullptr : &find(op, "shift", op.shift, Type::f32);
    for (const auto& [field, table] : {std::pair{"scale", scale}, std::pair{"shift", shift}}) {
      if (table == nullptr) continue;
      expect_shape(op, field, *table, {static_cast<uint64_t>(padded(c_out)), rows(op)}, "a table [C_pad, rows]");
      expect_multiple(op, field, *table);
      weights.row_stride = static_cast<ptrdiff_t>(table->shape[0]);
    }
    if (scale != nullptr && shift != nullptr && scale->shape != shift->shape) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.shift of op %s: expected the shape of its scale, %s, found %s", quoted(op.name).c_str(),
           text(scale->shape).c_str(), text(shift->shape).c_str());
    }
    if (scale != nullptr) weights.scale = reinterpret_cast<const float*>(scale->data);
    if (shift != nullptr) weights.shift = reinterpret_cast<const float*>(shift->data);
  }

  // The kernels round to int32 before they clamp: the largest sum there can be must not leave it.
  void check_steps(const Op& op, const OpWeights& weights) const {
    const auto most_sum = 255.0F * 127.0F * static_cast<float>(steps(op));
    for (const int row : op.rows) {
      for (ptrdiff_t c = 0; c < weights.row_stride; ++c) {
        const ptrdiff_t i = row * weights.row_stride + c;
        if (!(std::fabs(weights.scale[i]) * most_sum + std::fabs(weights.shift[i]) < kMostSteps)) {
          fail(DSNET_ERROR_FORMAT,
               "dsnet.op.scale of op %s: expected results below 2^30 steps, found a scale of %g and a shift of %g",
               quoted(op.name).c_str(), static_cast<double>(weights.scale[i]), static_cast<double>(weights.shift[i]));
        }
      }
    }
  }

  static uint64_t rows(const Op& op) { return static_cast<uint64_t>(*std::max_element(op.rows.begin(), op.rows.end())) + 1; }

  void bind_sums(const Op& op, int c_out, OpWeights& weights) {
    const GgufTensor& tensor = find(op, "sums", op.sums, Type::i32);
    expect_shape(op, "sums", tensor, {static_cast<uint64_t>(padded(c_out)), rows(op)}, "a table [C_pad, rows]");
    expect_extent(op, "sums", tensor, 0, static_cast<uint64_t>(weights.row_stride));
    weights.sums = reinterpret_cast<const int32_t*>(tensor.data);
    const auto most = static_cast<int64_t>(127 * steps(op));
    for (uint64_t i = 0; i < tensor.elements; ++i) {
      if (weights.sums[i] < -most || weights.sums[i] > most) {
        fail(DSNET_ERROR_FORMAT, "dsnet.op.sums of op %s: expected %" PRId64 " at most, found %d", quoted(op.name).c_str(), most,
             weights.sums[i]);
      }
    }
  }

  void bind_table(const Op& op, OpWeights& weights) {
    const GgufTensor& tensor = find(op, "table", op.table, Type::i8);
    expect_shape(op, "table", tensor, {kTableSize, rows(op)}, "a table [256, rows]");
    expect_extent(op, "table", tensor, 0, kTableSize);
    weights.table = reinterpret_cast<const int8_t*>(tensor.data);
  }

  const Program& program_;
  const Gguf& file_;
  std::set<std::string_view> used_;
};

}  // namespace

Weights bind_weights(const Program& program, const Gguf& file) { return Binder(program, file).bind(); }

void check_panels(const Program& program, const Gguf& file) {
  for (const std::string_view name : panel_names(program)) {
    const GgufTensor& tensor = file.tensors().at(name);
    check_finite(name, tensor);
    check_symmetric(name, tensor);
  }
}

Epilogue epilogue_of(const Op& op, const OpWeights& weights, int path) {
  const ptrdiff_t row = op.rows[path] * weights.row_stride;
  return {weights.scale != nullptr ? weights.scale + row : nullptr, weights.shift != nullptr ? weights.shift + row : nullptr,
          op.activation};
}

Slice slice_of(const Program& program, int o, int path) {
  const Op& op = program.ops[o];
  if (!has_weights(op.kind)) return {0, 0};
  const auto c_in = static_cast<ptrdiff_t>(program.channels(op.input, path));
  const int c_out = program.channels(op.output, path);
  const ptrdiff_t taps = ptrdiff_t{op.window.kernel} * op.window.kernel;
  if (op.kind == Kind::depthwise) return {taps, padded(c_out)};
  const ptrdiff_t k = op.kind == Kind::conv2d ? taps * c_in : c_in;
  const ptrdiff_t group = group_of(program, op), steps = (k + group - 1) / group * group;
  return {panels_of(c_out), steps * kPanel};
}

Bytes weights_read(const Program& program, const Weights& weights, int o, int path) {
  const Slice slice = slice_of(program, o, path);
  if (slice.blocks == 0) return {nullptr, 0};
  const OpWeights& own = weights[o];
  return {own.data, static_cast<size_t>((slice.blocks - 1) * own.stride + slice.elements) * bytes_of(own.type)};
}

}  // namespace dsnet
