// The weights of each op: pointers into the mapping, and nothing else. Slicing them is choosing how far to read.
#pragma once

#include <vector>

#include "gguf.h"
#include "program.h"

namespace dsnet {

struct OpWeights {
  const float* data = nullptr;  // panels, or taps for a depthwise op
  ptrdiff_t stride = 0;         // floats from one panel (or tap) to the next
  const float* scale = nullptr;
  const float* shift = nullptr;
  ptrdiff_t row_stride = 0;  // floats from one epilogue row to the next
};

struct Bytes {
  const float* begin;
  size_t count;
};

using Weights = std::vector<OpWeights>;  // one an op

// Finds the tensors of every op, checks that they reach as far as the widest path reads, and that all floats are finite.
Weights bind_weights(const Program& program, const Gguf& file);

// What a path reads of an op's weights, from the first byte to the last.
Bytes weights_read(const Program& program, const Weights& weights, int op, int path);

constexpr int panels_of(int channels) { return (channels + kPanel - 1) / kPanel; }
constexpr int padded(int channels) { return panels_of(channels) * kPanel; }

}  // namespace dsnet
