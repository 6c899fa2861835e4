// The program of a model: what docs/format.md calls values, ops, segments and paths, read once and never changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf.h"
#include "kernels.h"

namespace dsnet {

enum class Kind : uint8_t { conv2d, depthwise, pointwise, linear, global_pool, multiply, add, group_norm, max_pool };
constexpr const char* kKindNames[] = {"conv2d",   "depthwise", "pointwise",  "linear",  "global_pool",
                                      "multiply", "add",       "group_norm", "max_pool"};
constexpr const char* name_of(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

constexpr bool has_panels(Kind kind) { return kind == Kind::conv2d || kind == Kind::pointwise || kind == Kind::linear; }
constexpr bool has_two_inputs(Kind kind) { return kind == Kind::multiply || kind == Kind::add; }
constexpr bool has_weights(Kind kind) { return has_panels(kind) || kind == Kind::depthwise; }
constexpr bool has_window(Kind kind) { return kind == Kind::conv2d || kind == Kind::depthwise || kind == Kind::max_pool; }
// Weights, or the affine of a norm.
constexpr bool has_epilogue(Kind kind) { return has_weights(kind) || kind == Kind::group_norm; }
constexpr bool has_activation(Kind kind) { return has_epilogue(kind) || kind == Kind::add; }

// Of the feature maps; all vectors are f32.
enum class Precision : uint8_t { fp32, int8, bf16, fp16 };
constexpr Precision kPrecisions[] = {Precision::fp32, Precision::int8, Precision::bf16, Precision::fp16};
constexpr const char* kPrecisionNames[] = {"fp32", "int8", "bf16", "fp16"};
constexpr const char* name_of(Precision precision) { return kPrecisionNames[static_cast<size_t>(precision)]; }

struct Value {
  std::string name;
  Type type;
  int h, w;
  std::vector<int> channels;  // one a path, as all that follows
  std::vector<float> scale;   // of i8: real = scale * (q - zero_point)
  std::vector<int> zero_point;
};

struct Op {
  std::string name;
  Kind kind;
  int segment;
  int input, input2;  // values; input2 is -1 where the kind has one input
  int output;
  Window window;
  Activation activation;
  std::string weight, scale, shift, sums, table;  // tensor names, empty where absent
  std::vector<int> rows;                          // of the epilogue, one a path
};

struct Program {
  std::string name;
  Precision precision;
  int n_paths;
  std::vector<Value> values;
  std::vector<Op> ops;
  int input, logits;                       // values
  std::vector<int> scores;                 // of each gate: a value
  std::vector<int> n_choices;              // of each gate; without gates, of the caller
  std::vector<std::string> segment_names;  // even ones run behind half as many choices; odd ones are gates
  std::vector<int> segment_begin;          // ops of segment s are [segment_begin[s], segment_begin[s + 1])
  float norm_eps;
  int n_labels;

  int n_gates() const { return static_cast<int>(scores.size()); }
  int last_segment() const { return static_cast<int>(segment_names.size()) - 1; }
  // Paths are a product, the last choice changing first: how far apart those are that differ in one choice only.
  int path_step(size_t choice) const {
    int step = 1;
    for (size_t i = choice + 1; i < n_choices.size(); ++i) step *= n_choices[i];
    return step;
  }
  // The first path that has made the same choices before a segment. What lies in the segment is the same on both.
  int branch(int segment, int path) const {
    if (segment < 2) return 0;
    const int step = path_step(static_cast<size_t>(segment / 2) - 1);
    return path / step * step;
  }
  int channels(int value, int path) const { return values[value].channels[path]; }
  Type type_of_maps() const {
    constexpr Type kTypes[] = {Type::f32, Type::i8, Type::bf16, Type::f16};
    return kTypes[static_cast<size_t>(precision)];
  }
  Type type_of_image() const { return precision == Precision::int8 ? Type::i8 : Type::f32; }
  bool is_int8(const Op& op) const { return values[op.output].type == Type::i8; }
  int n_classes() const { return values[logits].channels[0]; }
  int widest() const { return n_paths - 1; }
};

// Reads the metadata, every number within its range and every index within its table.
Program read_program(const Gguf& file);

// Where the ops of each segment begin, and behind them where the last ends.
std::vector<int> segment_begins(const std::vector<Op>& ops, size_t n_segments);

// Checks that the program can be executed: shapes agree, values are written before they are read, segments and paths are
// what the format promises. Tensors are checked where they are bound (weights.h).
void check_program(const Program& program);

}  // namespace dsnet
