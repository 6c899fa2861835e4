// What an op costs on a path, whatever runs it: counted from the program, not from what the kernels do.
#pragma once

#include "weights.h"

namespace dsnet {

struct Cost {
  int64_t madds;  // as dsnet_edge/plan/program.py counts them: batch norm, activations and products with vectors are free
  int64_t bytes;  // of its weights, epilogue and values, each once
};

Cost cost_of(const Program& program, const Weights& all, int o, int path);

}  // namespace dsnet
