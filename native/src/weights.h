// The weights of each op: pointers into the mapping, and nothing else. Slicing them is choosing how far to read.
#pragma once

#include <vector>

#include "gguf.h"
#include "program.h"

namespace dsnet {

struct OpWeights {
  Type type = Type::f32;
  const uint8_t* data = nullptr;  // panels, or taps for a depthwise op
  ptrdiff_t stride = 0;           // elements from one panel (or tap) to the next
  const float* scale = nullptr;
  const float* shift = nullptr;
  const int32_t* sums = nullptr;
  ptrdiff_t row_stride = 0;  // elements from one row of these three to the next
  const int8_t* table = nullptr;

  // The weights, whose type the caller knows.
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data);
  }
};

struct Bytes {
  const uint8_t* begin;
  size_t count;
};

constexpr int kTableSize = 256;  // of an int8 activation

using Weights = std::vector<OpWeights>;  // one an op

// Finds the tensors of every op and checks that they reach as far as the widest path reads. Of their values it checks all but the
// panels', so that those are not read before a path needs them: what they hold can spoil a result, never the memory.
Weights bind_weights(const Program& program, const Gguf& file);

// Checks the values of the panels: finite, and integers not -128.
void check_panels(const Program& program, const Gguf& file);

// The rows of scale and shift that a path reads.
Epilogue epilogue_of(const Op& op, const OpWeights& weights, int path);

// What a path reads of an op's weights: `elements` at the beginning of each of `blocks` blocks, which are a stride apart.
struct Slice {
  ptrdiff_t blocks, elements;
};

Slice slice_of(const Program& program, int op, int path);

// The same, from the first byte to the last.
Bytes weights_read(const Program& program, const Weights& weights, int op, int path);

constexpr int panels_of(int channels) { return (channels + kPanel - 1) / kPanel; }
constexpr int padded(int channels) { return panels_of(channels) * kPanel; }

}  // namespace dsnet
