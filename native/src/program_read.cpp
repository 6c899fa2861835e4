#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <set>

#include "error.h"
#include "program.h"

namespace dsnet {
namespace {

constexpr uint32_t kFormatVersion = 3;

// Far beyond any network for small devices, and small enough that no product of two of them overflows.
constexpr size_t kMostGates = 8, kMostPaths = 4096, kMostValues = 4096, kMostOps = 4096, kMostLabels = 65536;
constexpr uint32_t kMostExtent = 16384, kMostChannels = 65536, kMostKernel = 64;

void check_length(const char* key, size_t found, size_t expected) {
  if (found != expected) fail(DSNET_ERROR_FORMAT, "%s: expected %zu elements, found %zu", key, expected, found);
}

void check_count(const char* key, size_t found, size_t most) {
  if (found < 1 || found > most) fail(DSNET_ERROR_FORMAT, "%s: expected 1 to %zu elements, found %zu", key, most, found);
}

// One array of the file with one element an op (or a value), its elements checked as they are taken.
template <class T>
class Column {
 public:
  Column(const char* key, std::vector<T> elements, size_t length) : key_(key), elements_(std::move(elements)) {
    check_length(key, elements_.size(), length);
  }

  int number(size_t i, int64_t least, int64_t most) const {
    const int64_t value = elements_[i];
    if (value < least || value > most) {
      fail(DSNET_ERROR_FORMAT, "%s[%zu]: expected %" PRId64 " to %" PRId64 ", found %" PRId64, key_, i, least, most, value);
    }
    return static_cast<int>(value);
  }

  float positive(size_t i) const {
    const float value = elements_[i];
    const bool sound = value > 0 && std::isfinite(value);
    if (!sound) {
      fail(DSNET_ERROR_FORMAT, "%s[%zu]: expected a positive number, found %g", key_, i, static_cast<double>(value));
    }
    return value;
  }

  template <size_t n>
  int word(size_t i, const char* const (&words)[n]) const {
    const auto* found = std::find(words, words + n, elements_[i]);
    if (found == words + n) {
      std::string expected;
      for (const char* word : words) expected += (expected.empty() ? "" : ", ") + std::string(word);
      fail(DSNET_ERROR_FORMAT, "%s[%zu]: expected one of %s, found %s", key_, i, expected.c_str(), quoted(elements_[i]).c_str());
    }
    return static_cast<int>(found - words);
  }

  std::string text(size_t i) const { return std::string(elements_[i]); }

 private:
  const char* key_;
  std::vector<T> elements_;
};

constexpr const char* kActivations[] = {"none", "relu", "relu6", "silu", "sigmoid", "one_plus_tanh"};
constexpr const char* kTypeNames[] = {"f32", "i8", "bf16", "f16"};
constexpr Type kTypes[] = {Type::f32, Type::i8, Type::bf16, Type::f16};

void check_header(const Gguf& file) {
  if (file.string("general.architecture") != "dsnet") {
    fail(DSNET_ERROR_FORMAT, "general.architecture: expected 'dsnet', found %s",
         quoted(file.string("general.architecture")).c_str());
  }
  const uint32_t version = file.u32("dsnet.format_version");
  if (version != kFormatVersion) {
    fail(DSNET_ERROR_VERSION,
         "dsnet.format_version: this runtime reads version %u, found %u; convert the model again or update the runtime",
         kFormatVersion, version);
  }
}

Precision read_precision(const Gguf& file) {
  const auto name = Column("dsnet.precision", std::vector{file.string("dsnet.precision")}, 1);
  return static_cast<Precision>(name.word(0, kPrecisionNames));
}

// The runtime takes a normalised image, so this only vouches for what it hands on to those who prepare one.
void check_input_description(const Gguf& file) {
  const auto mean = file.f32s("dsnet.input.mean"), std = file.f32s("dsnet.input.std");
  check_length("dsnet.input.mean", mean.size(), 3);
  check_length("dsnet.input.std", std.size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    if (!std::isfinite(mean[i])) fail(DSNET_ERROR_FORMAT, "dsnet.input.mean[%zu]: expected a finite number", i);
    if (!std::isfinite(std[i]) || std[i] <= 0) fail(DSNET_ERROR_FORMAT, "dsnet.input.std[%zu]: expected a positive number", i);
  }
  const uint32_t resize = file.u32("dsnet.input.resize");
  if (resize < 1 || resize > kMostExtent) {
    fail(DSNET_ERROR_FORMAT, "dsnet.input.resize: expected 1 to %u, found %u", kMostExtent, resize);
  }
  const auto interpolation = file.string("dsnet.input.interpolation");
  if (interpolation != "bilinear" && interpolation != "bicubic") {
    fail(DSNET_ERROR_FORMAT, "dsnet.input.interpolation: expected bilinear or bicubic, found %s", quoted(interpolation).c_str());
  }
}

// The paths are the product of what each gate may choose, in lexicographic order.
void read_paths(const Gguf& file, Program& program) {
  const size_t columns = std::max<size_t>(1, program.scores.size());
  const auto choices = file.i32s("dsnet.path.choice");
  check_count("dsnet.path.choice", choices.size(), kMostPaths * columns);
  const size_t n_paths = choices.size() / columns;
  if (choices.size() % columns != 0 || n_paths > kMostPaths) {
    fail(DSNET_ERROR_FORMAT, "dsnet.path.choice: expected %zu choices for each of at most %zu paths, found %zu elements", columns,
         kMostPaths, choices.size());
  }
  std::vector<std::set<int>> known(columns);
  for (size_t i = 0; i < choices.size(); ++i) known[i % columns].insert(choices[i]);
  std::vector<std::vector<int>> gates;  // what each may choose, in order
  size_t product = 1;
  for (const std::set<int>& gate : known) {
    gates.emplace_back(gate.begin(), gate.end());
    product = std::min(product * gate.size(), kMostPaths + 1);
    program.n_choices.push_back(static_cast<int>(gate.size()));
  }
  if (product != n_paths) {
    fail(DSNET_ERROR_FORMAT, "dsnet.path.choice: expected every combination of its choices, found %zu paths", n_paths);
  }
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto place = i / columns / static_cast<size_t>(program.path_step(i % columns));
    const std::vector<int>& gate = gates[i % columns];
    if (choices[i] < 0 || choices[i] != gate[place % gate.size()]) {
      fail(DSNET_ERROR_FORMAT, "dsnet.path.choice[%zu]: expected strictly increasing choices from 0 up, found %d", i, choices[i]);
    }
  }
  check_length("dsnet.path.madds", file.u64s("dsnet.path.madds").size(), n_paths);
  program.n_paths = static_cast<int>(n_paths);
}

// How the integers of i8 values stand for real numbers.
void read_quantization(const Gguf& file, size_t n_paths, std::vector<Value>& values) {
  const Column scale("dsnet.value.scale", file.f32s("dsnet.value.scale"), values.size() * n_paths);
  const Column zero_point("dsnet.value.zero_point", file.i32s("dsnet.value.zero_point"), values.size() * n_paths);
  for (size_t v = 0; v < values.size(); ++v) {
    for (size_t i = v * n_paths; i < (v + 1) * n_paths; ++i) {
      values[v].scale.push_back(scale.positive(i));
      values[v].zero_point.push_back(zero_point.number(i, -128, 127));
    }
  }
}

std::vector<Value> read_values(const Gguf& file, size_t n_paths) {
  auto names = file.strings("dsnet.value.name");
  const size_t n = names.size();
  check_count("dsnet.value.name", n, kMostValues);
  const Column name("dsnet.value.name", std::move(names), n);
  const Column type("dsnet.value.type", file.strings("dsnet.value.type"), n);
  const Column height("dsnet.value.height", file.u32s("dsnet.value.height"), n);
  const Column width("dsnet.value.width", file.u32s("dsnet.value.width"), n);
  const Column channels("dsnet.value.channels", file.u32s("dsnet.value.channels"), n * n_paths);
  std::vector<Value> values;
  for (size_t v = 0; v < n; ++v) {
    Value value = {name.text(v),
                   kTypes[type.word(v, kTypeNames)],
                   height.number(v, 1, kMostExtent),
                   width.number(v, 1, kMostExtent),
                   {},
                   {},
                   {}};
    const int most = channels.number((v + 1) * n_paths - 1, 1, kMostChannels);  // of the last path, which is the widest
    for (size_t p = 0; p < n_paths; ++p) value.channels.push_back(channels.number(v * n_paths + p, 1, most));
    values.push_back(std::move(value));
  }
  return values;
}

std::vector<Op> read_ops(const Gguf& file, size_t n_values, size_t n_paths, int last_segment) {
  auto names = file.strings("dsnet.op.name");
  const size_t n = names.size();
  check_count("dsnet.op.name", n, kMostOps);
  const auto strings = [&](const char* key) { return Column(key, file.strings(key), n); };
  const auto indices = [&](const char* key) { return Column(key, file.i32s(key), n); };
  const auto counts = [&](const char* key) { return Column(key, file.u32s(key), n); };
  const Column name("dsnet.op.name", std::move(names), n);
  const auto kind = strings("dsnet.op.kind"), activation = strings("dsnet.op.activation");
  const auto weight = strings("dsnet.op.weight"), scale = strings("dsnet.op.scale"), shift = strings("dsnet.op.shift");
  const auto sums = strings("dsnet.op.sums"), table = strings("dsnet.op.table");
  const auto segment = counts("dsnet.op.segment"), kernel = counts("dsnet.op.kernel");
  const auto stride = counts("dsnet.op.stride"), padding = counts("dsnet.op.padding");
  const auto input = indices("dsnet.op.input"), input2 = indices("dsnet.op.input2"), output = indices("dsnet.op.output");
  const Column row("dsnet.op.row", file.u32s("dsnet.op.row"), n * n_paths);
  const auto last_value = static_cast<int64_t>(n_values) - 1;
  std::vector<Op> ops;
  for (size_t o = 0; o < n; ++o) {
    Op op;
    op.name = name.text(o);
    op.kind = static_cast<Kind>(kind.word(o, kKindNames));
    op.segment = segment.number(o, 0, last_segment);
    op.input = input.number(o, 0, last_value);
    op.input2 = has_two_inputs(op.kind) ? input2.number(o, 0, last_value) : input2.number(o, -1, -1);
    op.output = output.number(o, 0, last_value);
    op.window.kernel = kernel.number(o, 1, kMostKernel);
    op.window.stride = stride.number(o, 1, kMostKernel);
    op.window.padding = padding.number(o, 0, op.window.kernel - 1);
    op.activation = static_cast<Activation>(activation.word(o, kActivations));
    op.weight = weight.text(o), op.scale = scale.text(o), op.shift = shift.text(o);
    op.sums = sums.text(o), op.table = table.text(o);
    for (size_t p = 0; p < n_paths; ++p) op.rows.push_back(row.number(o * n_paths + p, 0, kMostPaths));
    ops.push_back(std::move(op));
  }
  return ops;
}

std::vector<std::string> segment_names(size_t n_gates) {
  if (n_gates <= 1) return {"prefix", "gate", "suffix"};
  std::vector<std::string> names;
  for (size_t s = 0; s <= 2 * n_gates; ++s) names.push_back((s % 2 == 0 ? "segment." : "gate.") + std::to_string(s / 2));
  return names;
}

// Ops in the order of their segments, none of which is empty; but without gates all ops are in the last.
void read_segments(const Gguf& file, Program& program) {
  const auto names = file.strings("dsnet.segment.name");
  const size_t n = program.segment_names.size();
  check_length("dsnet.segment.name", names.size(), n);
  for (size_t s = 0; s < n; ++s) {
    if (names[s] != program.segment_names[s]) {
      fail(DSNET_ERROR_FORMAT, "dsnet.segment.name[%zu]: expected '%s', found %s", s, program.segment_names[s].c_str(),
           quoted(names[s]).c_str());
    }
  }
  const std::vector<Op>& ops = program.ops;
  for (size_t o = 1; o < ops.size(); ++o) {
    if (ops[o].segment < ops[o - 1].segment) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.segment[%zu]: expected %d or more, found %d", o, ops[o - 1].segment, ops[o].segment);
    }
  }
  program.segment_begin = segment_begins(ops, n);
  for (size_t s = 0; s < n; ++s) {
    const bool empty = program.segment_begin[s] == program.segment_begin[s + 1];
    if (empty != (program.scores.empty() && s + 1 < n)) {
      fail(DSNET_ERROR_FORMAT, "dsnet.op.segment: expected %s in the %s, found %s", empty ? "at least one op" : "no op",
           program.segment_names[s].c_str(), empty ? "none" : "some");
    }
  }
}

int value_index(const Gguf& file, const char* key, size_t n_values) {
  const uint32_t index = file.u32(key);
  if (index >= n_values) fail(DSNET_ERROR_FORMAT, "%s: expected a value below %zu, found %u", key, n_values, index);
  return static_cast<int>(index);
}

std::vector<int> read_scores(const Gguf& file, size_t n_values) {
  const uint32_t count = file.u32("dsnet.gate.count");
  if (count > kMostGates) fail(DSNET_ERROR_FORMAT, "dsnet.gate.count: expected at most %zu, found %u", kMostGates, count);
  if (count == 0) return {};
  const Column scores("dsnet.gate.scores", file.i32s("dsnet.gate.scores"), count);
  std::vector<int> values;
  values.reserve(count);
  for (size_t g = 0; g < count; ++g) values.push_back(scores.number(g, 0, static_cast<int64_t>(n_values) - 1));
  return values;
}

float read_norm_eps(const Gguf& file) {
  const float eps = file.f32("dsnet.norm_eps");
  const bool sound = eps > 0 && std::isfinite(eps);
  if (!sound) fail(DSNET_ERROR_FORMAT, "dsnet.norm_eps: expected a positive number, found %g", static_cast<double>(eps));
  return eps;
}

}  // namespace

std::vector<int> segment_begins(const std::vector<Op>& ops, size_t n_segments) {
  std::vector<int> begin(n_segments + 1);
  for (const Op& op : ops) {
    for (auto s = static_cast<size_t>(op.segment); s < n_segments; ++s) ++begin[s + 1];
  }
  return begin;
}

Program read_program(const Gguf& file) {
  check_header(file);
  check_input_description(file);
  Program program;
  program.name = file.string("general.name");
  program.precision = read_precision(file);
  program.norm_eps = read_norm_eps(file);
  program.scores = read_scores(file, kMostValues);
  program.segment_names = segment_names(program.scores.size());
  read_paths(file, program);
  const auto n_paths = static_cast<size_t>(program.n_paths);
  program.values = read_values(file, n_paths);
  if (program.precision == Precision::int8) read_quantization(file, n_paths, program.values);
  program.ops = read_ops(file, program.values.size(), n_paths, program.last_segment());
  read_segments(file, program);
  program.input = value_index(file, "dsnet.input.value", program.values.size());
  program.scores = read_scores(file, program.values.size());
  program.logits = value_index(file, "dsnet.logits", program.values.size());
  const size_t n_labels = file.strings("dsnet.labels").size();
  check_count("dsnet.labels", n_labels, kMostLabels);
  program.n_labels = static_cast<int>(n_labels);
  return program;
}

}  // namespace dsnet
