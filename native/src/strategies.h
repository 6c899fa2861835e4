// How a path gets its weights: slicing, and two worse ways that others use, for comparison (dsnet-edge table1). The kernels
// are the same in all, and so are the logits.
#pragma once

#include <vector>

#include "layout.h"
#include "program.h"
#include "weights.h"

namespace dsnet {

enum class Strategy : uint8_t {
  slicing,   // reads a path's weights where they are
  masking,   // computes every path at full width, and multiplies each feature map by a mask
  indexing,  // copies a path's weights into a packed buffer before each op
};

// By name; NULL is slicing.
Strategy strategy_of(const char* name);

// A vector that is one for the channels a path has, and zero for the rest.
struct Mask {
  int value;
  std::vector<int> kept;  // channels, one a path
};

// Makes all paths as wide as the widest, and inserts a multiplication by a mask behind every convolution and its norm whose
// output depends on the path.
std::vector<Mask> mask_program(Program& program);

// Gives the masks a place of their own behind the others.
void add_masks(const Program& program, const std::vector<Mask>& masks, Layout& layout);

void fill(const Mask& mask, int path, int width, float* data);

// The weights of an op at full width: in int8, with the sums over all inputs. The rest of a path's row stays the path's.
OpWeights with_all_sums(const Program& program, const Weights& weights, int op, int path);

// What gathering needs at most, for any op behind a choice on any path.
size_t gathered_bytes(const Program& program, const Weights& weights);

// Copies what a path reads of an op's weights to `scratch`; the weights there.
OpWeights gather(const Program& program, const Weights& weights, int op, int path, uint8_t* scratch);

}  // namespace dsnet
