#include <algorithm>

#include "conv2d_int8.h"
#include "error.h"
#include "program.h"

namespace dsnet {
namespace {

class Checker {
 public:
  explicit Checker(const Program& program) : program_(program), writer_(program.values.size(), -1) {}

  void check() {
    check_input();
    for (size_t o = 0; o < program_.ops.size(); ++o) check_op(static_cast<int>(o));
    check_scores();
    check_logits();
  }

 private:
  const Value& value(int v) const { return program_.values[v]; }
  const char* name_of_segment(int s) const { return program_.segment_names[s].c_str(); }
  int first_segment() const { return program_.n_gates() == 0 ? program_.last_segment() : 0; }

  void check_input() const {
    const Value& image = value(program_.input);
    for (const int c : image.channels) {
      if (c != 3) fail(DSNET_ERROR_FORMAT, "dsnet.input.value: expected an image of 3 channels, found %d", c);
    }
    expect_type("the image", program_.input, program_.type_of_image());
    if (program_.precision != Precision::int8) return;
    for (int p = 1; p < program_.n_paths; ++p) check_quantization(program_.input, 0, p);
  }

  void check_op(int o) {
    const Op& op = program_.ops[o];
    check_read(o, op.input, "input");
    if (has_two_inputs(op.kind)) check_read(o, op.input2, "input2");
    check_write(o);
    check_shapes(o);
    check_channels(o);
    check_types(o);
    check_branches(o);
    if (!has_weights(op.kind)) check_plain(o);
    if (op.kind == Kind::group_norm) check_norm(o);
  }

  // The place and the op a message speaks of.
  std::string at(const char* field, int o) const {
    return "dsnet.op." + std::string(field) + "[" + std::to_string(o) + "] (" + quoted(program_.ops[o].name) + ")";
  }

  void check_read(int o, int v, const char* field) const {
    const Op& op = program_.ops[o];
    if (v == program_.input) {
      if (op.segment == first_segment() && op.kind == Kind::conv2d) return;
      fail(DSNET_ERROR_FORMAT, "%s: only a conv2d of the %s may read the image, found a %s op", at(field, o).c_str(),
           name_of_segment(first_segment()), name_of_segment(op.segment));
    }
    if (writer_[v] < 0) fail(DSNET_ERROR_FORMAT, "%s: value %d is read before it is written", at(field, o).c_str(), v);
  }

  void check_write(int o) {
    const int v = program_.ops[o].output;
    if (v == program_.input) fail(DSNET_ERROR_FORMAT, "%s: the image cannot be written", at("output", o).c_str());
    if (writer_[v] >= 0) {
      fail(DSNET_ERROR_FORMAT, "%s: value %d is already written by op %d", at("output", o).c_str(), v, writer_[v]);
    }
    writer_[v] = o;
  }

  void expect_size(int o, const char* field, int v, int h, int w) const {
    if (value(v).h != h || value(v).w != w) {
      fail(DSNET_ERROR_FORMAT, "%s: expected a value of %d x %d, found %d x %d", at(field, o).c_str(), h, w, value(v).h,
           value(v).w);
    }
  }

  void check_shapes(int o) const {
    const Op& op = program_.ops[o];
    const Value& input = value(op.input);
    const Window& window = op.window;
    if (has_window(op.kind)) {
      const int h = input.h + 2 * window.padding - window.kernel, w = input.w + 2 * window.padding - window.kernel;
      if (h < 0 || w < 0) {
        fail(DSNET_ERROR_FORMAT, "%s: a kernel of %d does not fit an input of %d x %d", at("kernel", o).c_str(), window.kernel,
             input.h, input.w);
      }
      return expect_size(o, "output", op.output, h / window.stride + 1, w / window.stride + 1);
    }
    if (window.kernel != 1 || window.stride != 1 || window.padding != 0) {
      fail(DSNET_ERROR_FORMAT, "%s: expected kernel 1, stride 1 and padding 0", at("kernel", o).c_str());
    }
    if (op.kind == Kind::linear) expect_size(o, "input", op.input, 1, 1);
    if (op.kind == Kind::linear || op.kind == Kind::global_pool) return expect_size(o, "output", op.output, 1, 1);
    if (op.kind == Kind::multiply) expect_size(o, "input2", op.input2, 1, 1);
    if (op.kind == Kind::add) expect_size(o, "input2", op.input2, input.h, input.w);
    expect_size(o, "output", op.output, input.h, input.w);
  }

  void expect_same_channels(int o, const char* field, int v, int other) const {
    for (int p = 0; p < program_.n_paths; ++p) {
      const int found = program_.channels(v, p), expected = program_.channels(other, p);
      if (found != expected) {
        fail(DSNET_ERROR_FORMAT, "%s: expected %d channels on path %d, found %d", at(field, o).c_str(), expected, p, found);
      }
    }
  }

  void check_channels(int o) const {
    const Op& op = program_.ops[o];
    if (!has_panels(op.kind)) expect_same_channels(o, "output", op.output, op.input);
    if (has_two_inputs(op.kind)) expect_same_channels(o, "input2", op.input2, op.input);
    if (op.kind == Kind::conv2d && !whole_panels(op.input)) expect_constant(o, "input", op.input);  // one block of steps
    if (op.kind == Kind::group_norm && !whole_panels(op.input)) {
      fail(DSNET_ERROR_FORMAT, "%s: expected multiples of 16 channels, which are normalised together", at("input", o).c_str());
    }
  }

  bool whole_panels(int v) const {
    const std::vector<int>& channels = value(v).channels;
    return std::all_of(channels.begin(), channels.end(), [](int c) { return c % kPanel == 0; });
  }

  void expect_type(const char* reader, int v, Type expected) const {
    if (value(v).type != expected) {
      fail(DSNET_ERROR_FORMAT, "dsnet.value.type[%d] (%s): expected %s for %s, found %s", v, quoted(value(v).name).c_str(),
           name_of(expected), reader, name_of(value(v).type));
    }
  }

  // Image and feature maps have the type of the precision, vectors are f32.
  void check_types(int o) const {
    const Op& op = program_.ops[o];
    const bool writes_vector = op.kind == Kind::global_pool || op.kind == Kind::linear;
    const Type maps = program_.type_of_maps();
    const Type read = op.kind == Kind::linear ? Type::f32 : op.input == program_.input ? program_.type_of_image() : maps;
    expect_type(at("input", o).c_str(), op.input, read);
    expect_type(at("output", o).c_str(), op.output, writes_vector ? Type::f32 : maps);
    if (op.kind == Kind::multiply) expect_type(at("input2", o).c_str(), op.input2, Type::f32);
    if (op.kind == Kind::add) expect_type(at("input2", o).c_str(), op.input2, maps);
    if (program_.is_int8(op)) check_pixels(o);
    if (program_.is_int8(op) && op.kind == Kind::conv2d) check_steps(o);
    if (program_.is_int8(op) && op.kind == Kind::max_pool) check_same_quantization(o);
    if (program_.is_int8(op) && !has_weights(op.kind) && op.activation > Activation::relu6) {
      fail(DSNET_ERROR_FORMAT, "%s: expected none, relu or relu6 for this kind in int8", at("activation", o).c_str());
    }
    check_tables(o);
  }

  // The sum over the pixels of an i8 value must be one of int32.
  void check_pixels(int o) const {
    constexpr int64_t kMostPixels = (1 << 23) - 1;
    const Value& output = value(program_.ops[o].output);
    if (int64_t{output.h} * output.w > kMostPixels) {
      fail(DSNET_ERROR_FORMAT, "%s: expected an i8 value of at most %d pixels, found %d x %d", at("output", o).c_str(),
           static_cast<int>(kMostPixels), output.h, output.w);
    }
  }

  // They are copied to the stack.
  void check_steps(int o) const {
    const Op& op = program_.ops[o];
    const int64_t steps = int64_t{op.window.kernel} * op.window.kernel * program_.channels(op.input, program_.widest());
    if (steps > kMostConv2dSteps) {
      fail(DSNET_ERROR_FORMAT, "%s: expected kernel * kernel * c_in of at most %d in int8, found %d", at("kernel", o).c_str(),
           kMostConv2dSteps, static_cast<int>(steps));
    }
  }

  void expect_presence(int o, const char* field, const std::string& tensor, bool expected) const {
    if (tensor.empty() == expected) {
      fail(DSNET_ERROR_FORMAT, "%s: expected %s, found %s", at(field, o).c_str(), expected ? "the name of a tensor" : "none",
           quoted(tensor).c_str());
    }
  }

  // Sums of weights and tables of activations belong to requantised sums alone.
  void check_tables(int o) const {
    const Op& op = program_.ops[o];
    const bool requantised = program_.is_int8(op) && has_weights(op.kind);
    expect_presence(o, "sums", op.sums, requantised);
    expect_presence(o, "table", op.table, requantised && op.activation > Activation::relu6);
    if (!requantised) return;
    expect_presence(o, "scale", op.scale, true);
    expect_presence(o, "shift", op.shift, true);
  }

  void expect_constant(int o, const char* field, int v) const {
    const int first = program_.channels(v, 0), last = program_.channels(v, program_.widest());
    if (first != last) {
      fail(DSNET_ERROR_FORMAT, "%s: expected the same channels on every path, found %d to %d", at(field, o).c_str(), first, last);
    }
  }

  // A segment runs when some choices have been made; what it does must not depend on the others.
  void check_branches(int o) const {
    const Op& op = program_.ops[o];
    const std::vector<int>& channels = value(op.output).channels;
    for (int p = 0; p < program_.n_paths; ++p) {
      const int first = program_.branch(op.segment, p);
      if (channels[p] != channels[first]) {
        fail(DSNET_ERROR_FORMAT, "%s: expected the same channels on paths %d and %d in the %s, found %d and %d",
             at("output", o).c_str(), first, p, name_of_segment(op.segment), channels[first], channels[p]);
      }
      if (op.rows[p] != op.rows[first]) {
        fail(DSNET_ERROR_FORMAT, "%s: expected the same row on paths %d and %d in the %s, found %d and %d", at("row", o).c_str(),
             first, p, name_of_segment(op.segment), op.rows[first], op.rows[p]);
      }
      if (program_.precision == Precision::int8) check_quantization(op.output, first, p);
    }
  }

  // Integers are compared as they are.
  void check_same_quantization(int o) const {
    const Value &from = value(program_.ops[o].input), &to = value(program_.ops[o].output);
    if (from.scale != to.scale || from.zero_point != to.zero_point) {
      fail(DSNET_ERROR_FORMAT, "%s: expected the scale and zero point of its input", at("output", o).c_str());
    }
  }

  void check_quantization(int v, int first, int p) const {
    if (value(v).scale[p] != value(v).scale[first] || value(v).zero_point[p] != value(v).zero_point[first]) {
      fail(DSNET_ERROR_FORMAT,
           "dsnet.value.scale of value %s: expected the scale and zero point of path %d on path %d, found others",
           quoted(value(v).name).c_str(), first, p);
    }
  }

  // Pools, products and sums have no tensors, and group norm has no weights.
  void check_plain(int o) const {
    const Op& op = program_.ops[o];
    const bool tensors = !op.weight.empty() || (!has_epilogue(op.kind) && (!op.scale.empty() || !op.shift.empty()));
    if (tensors) fail(DSNET_ERROR_FORMAT, "%s: this kind takes no tensors", at("weight", o).c_str());
    if (op.activation != Activation::none && !has_activation(op.kind)) {
      fail(DSNET_ERROR_FORMAT, "%s: this kind takes no activation", at("activation", o).c_str());
    }
  }

  void check_norm(int o) const {
    expect_presence(o, "scale", program_.ops[o].scale, true);
    expect_presence(o, "shift", program_.ops[o].shift, true);
  }

  void check_vector(const char* key, int v, int segment) const {
    if (writer_[v] < 0 || program_.ops[writer_[v]].segment > segment) {
      fail(DSNET_ERROR_FORMAT, "%s: expected a value written by the %s or before, found value %d", key, name_of_segment(segment),
           v);
    }
    if (value(v).h != 1 || value(v).w != 1) {
      fail(DSNET_ERROR_FORMAT, "%s: expected a vector, found a value of %d x %d", key, value(v).h, value(v).w);
    }
  }

  void check_scores() const {
    for (size_t g = 0; g < program_.scores.size(); ++g) {
      const std::string key = "dsnet.gate.scores[" + std::to_string(g) + "]";
      check_vector(key.c_str(), program_.scores[g], static_cast<int>(2 * g) + 1);
      for (const int found : value(program_.scores[g]).channels) {
        if (found != program_.n_choices[g]) {
          fail(DSNET_ERROR_FORMAT, "%s: expected %d channels, one a choice, found %d", key.c_str(), program_.n_choices[g], found);
        }
      }
    }
  }

  void check_logits() const {
    check_vector("dsnet.logits", program_.logits, program_.last_segment());
    for (const int c : value(program_.logits).channels) {
      if (c != program_.n_labels) {
        fail(DSNET_ERROR_FORMAT, "dsnet.logits: expected %d channels, one a label, on every path, found %d", program_.n_labels,
             c);
      }
    }
  }

  const Program& program_;
  std::vector<int> writer_;  // of each value, -1 before it is written
};

}  // namespace

void check_program(const Program& program) { Checker(program).check(); }

}  // namespace dsnet
