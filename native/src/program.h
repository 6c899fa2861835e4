// The program of a model: what docs/format.md calls values, ops, segments and paths, read once and never changed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gguf.h"
#include "kernels.h"

namespace dsnet {

enum class Segment : uint8_t { prefix, gate, suffix };
enum class Kind : uint8_t { conv2d, depthwise, pointwise, linear, global_pool, multiply, add };
constexpr const char* kSegmentNames[] = {"prefix", "gate", "suffix"};
constexpr const char* kKindNames[] = {"conv2d", "depthwise", "pointwise", "linear", "global_pool", "multiply", "add"};
constexpr const char* name_of(Segment segment) { return kSegmentNames[static_cast<size_t>(segment)]; }
constexpr const char* name_of(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

constexpr bool has_panels(Kind kind) { return kind == Kind::conv2d || kind == Kind::pointwise || kind == Kind::linear; }
constexpr bool has_two_inputs(Kind kind) { return kind == Kind::multiply || kind == Kind::add; }
constexpr bool has_weights(Kind kind) { return has_panels(kind) || kind == Kind::depthwise; }

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
  Segment segment;
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
  int input, scores, logits;         // values
  std::array<int, 4> segment_begin;  // ops of segment s are [segment_begin[s], segment_begin[s + 1])
  int n_labels;

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

// Checks that the program can be executed: shapes agree, values are written before they are read, segments and paths are
// what the format promises. Tensors are checked where they are bound (weights.h).
void check_program(const Program& program);

}  // namespace dsnet
