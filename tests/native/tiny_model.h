// A tiny dynamic slimmable network with every kind of op, odd sizes and three paths, as plain data that tests may spoil
// before they write it to a file. The image may be larger, so that there is work for several threads.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "gguf_writer.h"

namespace test {

constexpr uint32_t kF32 = 0, kF16 = 1, kI8 = 24, kI32 = 26, kBf16 = 30;

struct TinyOp {
  std::string name, kind;
  uint32_t segment;
  int32_t input, input2, output;
  uint32_t kernel, stride, padding;
  std::string activation;
  std::string weight, scale, shift, sums, table;
  std::vector<uint32_t> rows;
};

struct TinyValue {
  std::string name;
  uint32_t h, w;
  std::vector<uint32_t> channels;
  std::string type;
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
};

struct TinyTensor {
  std::vector<uint64_t> shape;
  std::vector<float> data;
  uint32_t type = kF32;
};

inline constexpr const char* kPrecisions[] = {"fp32", "int8", "bf16", "fp16"};

class TinyModel {
 public:
  uint32_t gguf_version = 3, alignment = 64, format_version = 3, gates = 1;
  std::string architecture = "dsnet", precision, interpolation = "bilinear";
  std::vector<float> mean = {0.5F, 0.5F, 0.5F}, std = {0.25F, 0.25F, 0.25F};
  std::vector<int32_t> choices = {0, 2, 3};
  std::vector<uint64_t> madds = {1, 2, 3};
  std::vector<std::string> segments = {"prefix", "gate", "suffix"}, labels = std::vector<std::string>(10, "label");
  std::vector<TinyValue> values;
  std::vector<TinyOp> ops;
  std::map<std::string, TinyTensor> tensors;
  uint32_t input = 0, scores = 0, logits = 0;
  float norm_eps = 1e-5F;
  std::string without;  // a key to leave out

  explicit TinyModel(std::string of_precision = "fp32", uint32_t h = 13, uint32_t w = 11) : precision(std::move(of_precision)) {
    const uint32_t h1 = (h + 1) / 2, w1 = (w + 1) / 2, h2 = (h1 + 1) / 2, w2 = (w1 + 1) / 2;  // after each stride of 2
    const Channels image = {3, 3, 3}, early = {8, 8, 8}, hidden = {5, 5, 5}, middle = {20, 33, 40}, late = {17, 32, 50};
    const uint32_t image_value = value("image", h, w, image, precision == "int8" ? "i8" : "f32");
    const uint32_t stem = op("stem", "conv2d", 0, image_value, h1, w1, early, 3, 2, 1, "silu");
    const uint32_t features = op("early", "depthwise", 0, stem, h1, w1, early, 3, 1, 1, "relu6");
    const uint32_t pooled = op("pool", "global_pool", 1, features, 1, 1, early);
    const uint32_t reduced = op("reduce", "linear", 1, pooled, 1, 1, hidden, 1, 1, 0, "relu");
    scores = op("scores", "linear", 1, reduced, 1, 1, {3, 3, 3});
    const uint32_t attention = op("expand", "linear", 1, reduced, 1, 1, early, 1, 1, 0, "sigmoid");
    const uint32_t attended = op("attend", "multiply", 2, features, h1, w1, early, 1, 1, 0, "none", attention);
    const uint32_t wide = op("wide", "pointwise", 2, attended, h1, w1, middle, 1, 1, 0, "silu");
    const uint32_t deep = op("deep", "depthwise", 2, wide, h2, w2, middle, 5, 2, 2, "relu");
    const uint32_t squeezed = op("squeeze", "global_pool", 2, deep, 1, 1, middle);
    const uint32_t excited = op("excite", "linear", 2, squeezed, 1, 1, middle, 1, 1, 0, "one_plus_tanh");
    const uint32_t again = op("again", "multiply", 2, deep, h2, w2, middle, 1, 1, 0, "none", excited);
    const uint32_t last = op("last", "pointwise", 2, again, h2, w2, late, 1, 1, 0, "silu");
    const uint32_t beside = op("beside", "pointwise", 2, again, h2, w2, late);
    const uint32_t sum = op("sum", "add", 2, last, h2, w2, late, 1, 1, 0, "none", beside);
    const uint32_t head = op("head", "global_pool", 2, sum, 1, 1, late);
    logits = op("classifier", "linear", 2, head, 1, 1, {10, 10, 10});
    if (precision == "int8") {
      TinyTensor& weight = tensors["classifier.weight"];
      weight.type = kI8;
      for (float& x : weight.data) x = std::round(x * 127 / 0.3F);
    } else {
      ops.back().scale.clear();
      tensors.erase("classifier.scale");
      tensors["classifier.weight"].type = half_type();
    }
  }

  TinyOp& find(const std::string& name) {
    for (TinyOp& op : ops) {
      if (op.name == name) return op;
    }
    return ops.front();
  }

  Bytes bytes(size_t* data_begin = nullptr) const {
    GgufWriter file;
    file.version = gguf_version;
    const auto key = [&](const char* name, const std::function<void(const char*)>& write) {
      if (without != name) write(name);
    };
    key("general.architecture", [&](auto k) { file.string(k, architecture); });
    key("general.alignment", [&](auto k) { file.u32(k, alignment); });
    key("general.name", [&](auto k) { file.string(k, "tiny"); });
    key("some.other.key", [&](auto k) { file.string(k, "ignored"); });
    key("dsnet.format_version", [&](auto k) { file.u32(k, format_version); });
    key("dsnet.precision", [&](auto k) { file.string(k, precision); });
    key("dsnet.input.value", [&](auto k) { file.u32(k, input); });
    key("dsnet.input.mean", [&](auto k) { file.f32s(k, mean); });
    key("dsnet.input.std", [&](auto k) { file.f32s(k, std); });
    key("dsnet.input.resize", [&](auto k) { file.u32(k, 16); });
    key("dsnet.input.interpolation", [&](auto k) { file.string(k, interpolation); });
    key("dsnet.labels", [&](auto k) { file.strings(k, labels); });
    key("dsnet.path.choice", [&](auto k) { file.i32s(k, choices); });
    key("dsnet.path.madds", [&](auto k) { file.u64s(k, madds); });
    key("dsnet.value.name", [&](auto k) { file.strings(k, column(values, &TinyValue::name)); });
    key("dsnet.value.height", [&](auto k) { file.u32s(k, column(values, &TinyValue::h)); });
    key("dsnet.value.width", [&](auto k) { file.u32s(k, column(values, &TinyValue::w)); });
    key("dsnet.value.channels", [&](auto k) { file.u32s(k, joined(column(values, &TinyValue::channels))); });
    key("dsnet.value.type", [&](auto k) { file.strings(k, column(values, &TinyValue::type)); });
    if (precision == "int8") {
      key("dsnet.value.scale", [&](auto k) { file.f32s(k, joined(column(values, &TinyValue::scale))); });
      key("dsnet.value.zero_point", [&](auto k) { file.i32s(k, joined(column(values, &TinyValue::zero_point))); });
    }
    key("dsnet.segment.name", [&](auto k) { file.strings(k, segments); });
    key("dsnet.op.name", [&](auto k) { file.strings(k, column(ops, &TinyOp::name)); });
    key("dsnet.op.kind", [&](auto k) { file.strings(k, column(ops, &TinyOp::kind)); });
    key("dsnet.op.segment", [&](auto k) { file.u32s(k, column(ops, &TinyOp::segment)); });
    key("dsnet.op.input", [&](auto k) { file.i32s(k, column(ops, &TinyOp::input)); });
    key("dsnet.op.input2", [&](auto k) { file.i32s(k, column(ops, &TinyOp::input2)); });
    key("dsnet.op.output", [&](auto k) { file.i32s(k, column(ops, &TinyOp::output)); });
    key("dsnet.op.kernel", [&](auto k) { file.u32s(k, column(ops, &TinyOp::kernel)); });
    key("dsnet.op.stride", [&](auto k) { file.u32s(k, column(ops, &TinyOp::stride)); });
    key("dsnet.op.padding", [&](auto k) { file.u32s(k, column(ops, &TinyOp::padding)); });
    key("dsnet.op.activation", [&](auto k) { file.strings(k, column(ops, &TinyOp::activation)); });
    key("dsnet.op.weight", [&](auto k) { file.strings(k, column(ops, &TinyOp::weight)); });
    key("dsnet.op.scale", [&](auto k) { file.strings(k, column(ops, &TinyOp::scale)); });
    key("dsnet.op.shift", [&](auto k) { file.strings(k, column(ops, &TinyOp::shift)); });
    key("dsnet.op.sums", [&](auto k) { file.strings(k, column(ops, &TinyOp::sums)); });
    key("dsnet.op.table", [&](auto k) { file.strings(k, column(ops, &TinyOp::table)); });
    key("dsnet.op.row", [&](auto k) { file.u32s(k, joined(column(ops, &TinyOp::rows))); });
    key("dsnet.norm_eps", [&](auto k) { file.f32(k, norm_eps); });
    key("dsnet.gate.count", [&](auto k) { file.u32(k, gates); });
    key("dsnet.gate.scores", [&](auto k) { file.i32s(k, {static_cast<int32_t>(scores)}); });
    key("dsnet.logits", [&](auto k) { file.u32(k, logits); });
    for (const auto& [name, tensor] : tensors) file.tensor(name, tensor.type, tensor.shape, tensor.data);
    return file.bytes(data_begin);
  }

 private:
  using Channels = std::vector<uint32_t>;

  template <class Row, class T>
  static std::vector<T> column(const std::vector<Row>& rows, T Row::* field) {
    std::vector<T> result;
    result.reserve(rows.size());
    for (const Row& row : rows) result.push_back(row.*field);
    return result;
  }

  template <class T>
  static std::vector<T> joined(const std::vector<std::vector<T>>& parts) {
    std::vector<T> result;
    for (const auto& part : parts) result.insert(result.end(), part.begin(), part.end());
    return result;
  }

  std::string type_of_maps() const {
    return precision == "int8" ? "i8" : precision == "bf16" ? "bf16" : precision == "fp16" ? "f16" : "f32";
  }
  // What some weights of half precisions are, and none of the others.
  uint32_t half_type() const { return precision == "bf16" ? kBf16 : precision == "fp16" ? kF16 : kF32; }

  uint32_t value(const std::string& name, uint32_t h, uint32_t w, const Channels& channels, const std::string& type) {
    values.push_back({name, h, w, channels, type, {1, 1, 1}, {0, 0, 0}});
    if (type == "i8") values.back().scale = {0.02F, 0.02F, 0.02F}, values.back().zero_point = {-30, -30, -30};
    return static_cast<uint32_t>(values.size() - 1);
  }

  uint32_t op(const std::string& name, const std::string& kind, uint32_t segment, uint32_t from, uint32_t h, uint32_t w,
              const Channels& channels, uint32_t kernel = 1, uint32_t stride = 1, uint32_t padding = 0,
              const std::string& activation = "none", uint32_t factor = UINT32_MAX) {
    const bool is_map = kind != "linear" && kind != "global_pool", integers = precision == "int8" && is_map;
    const uint32_t to = value(name, h, w, channels, is_map ? type_of_maps() : "f32");
    if (segment == 2 && integers) values.back().scale = {0.02F, 0.03F, 0.04F}, values.back().zero_point = {-30, 5, 127};
    TinyOp made = {name,
                   kind,
                   segment,
                   static_cast<int32_t>(from),
                   static_cast<int32_t>(factor),
                   static_cast<int32_t>(to),
                   kernel,
                   stride,
                   padding,
                   activation,
                   "",
                   "",
                   "",
                   "",
                   "",
                   {0, 0, 0}};
    if (kind != "global_pool" && kind != "multiply" && kind != "add") {
      made.weight = name + ".weight", made.scale = name + ".scale", made.shift = name + ".shift";
      const uint64_t n_rows = segment == 2 ? 3 : 1, panels = (channels.back() + 15) / 16, c_in = values[from].channels.back();
      if (n_rows > 1) made.rows = {0, 1, 2};
      const uint64_t taps = uint64_t{kernel} * kernel, steps = kind == "conv2d" ? taps * c_in : c_in;
      tensors[made.weight] = kind == "depthwise" ? random({panels * 16, taps}, 0.3F) : random({16, steps, panels}, 0.3F);
      if (kind == "pointwise") {
        if (precision == "bf16") tensors[made.weight] = random({2, 16, (steps + 1) / 2, panels}, 0.3F);
        tensors[made.weight].type = half_type();
      }
      tensors[made.scale] = random({panels * 16, n_rows}, 1);
      tensors[made.shift] = random({panels * 16, n_rows}, 1);
      if (integers) quantize(made, values[from].channels, taps);
    }
    ops.push_back(made);
    return to;
  }

  // Integer weights, whose sums on each path are true, and an activation that maps 0 to 0 as a table.
  void quantize(TinyOp& made, const Channels& c_in, uint64_t taps) {
    const bool depthwise = made.kind == "depthwise";
    const uint64_t n_rows = tensors[made.scale].shape[1], c_pad = tensors[made.scale].shape[0],
                   per_channel = made.kind == "conv2d" ? taps : 1, groups = (c_in.back() * per_channel + 3) / 4;
    TinyTensor& weight = tensors[made.weight];
    if (!depthwise) weight = random({4, 16, groups, c_pad / 16}, 0.3F);
    weight.type = kI8;
    for (float& x : weight.data) x = std::round(x * 127 / 0.3F);
    for (float& x : tensors[made.scale].data) x *= 0.01F;
    for (float& x : tensors[made.shift].data) x *= 20;
    made.sums = made.name + ".sums";
    TinyTensor& sums = tensors[made.sums] = {{c_pad, n_rows}, {}, kI32};
    for (uint64_t row = 0; row < n_rows; ++row) {
      for (uint64_t o = 0; o < c_pad; ++o) {
        float sum = 0;
        for (uint64_t k = 0; k < (depthwise ? taps : c_in[row] * per_channel); ++k) {
          sum += weight.data[depthwise ? k * c_pad + o : o / 16 * groups * 64 + k / 4 * 64 + o % 16 * 4 + k % 4];
        }
        sums.data.push_back(sum);
      }
    }
    if (made.activation == "none" || made.activation == "relu" || made.activation == "relu6") return;
    made.table = made.name + ".table";
    TinyTensor& table = tensors[made.table] = {{256, n_rows}, {}, kI8};
    for (uint64_t i = 0; i < 256 * n_rows; ++i) table.data.push_back(static_cast<float>(i % 256 * 7 % 256) - 128);
  }

  TinyTensor random(const std::vector<uint64_t>& shape, float limit) {
    size_t size = 1;
    for (const uint64_t extent : shape) size *= extent;
    TinyTensor tensor = {shape, std::vector<float>(size)};
    std::uniform_real_distribution<float> uniform(-limit, limit);
    for (float& x : tensor.data) x = uniform(generator_);
    return tensor;
  }

  std::mt19937 generator_{1};
};

}  // namespace test
