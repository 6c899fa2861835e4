// Where each value lives in the activation arena. Values whose lives do not overlap share memory; the arena is sized for the
// widest path and the places do not depend on the path.
#pragma once

#include <cstdint>
#include <vector>

#include "program.h"

namespace dsnet {

struct Layout {
  static constexpr size_t kNone = SIZE_MAX;

  std::vector<size_t> offsets;   // of each value, in bytes; multiples of 64
  std::vector<size_t> row_sums;  // of each op that leaves sums of rows to a pool, and of that pool; kNone for others
  std::vector<size_t> padded;    // of each dense convolution of floats that pads a feature map: where the padded map is
  size_t bytes;                  // of the whole arena
};

Layout plan_layout(const Program& program);

}  // namespace dsnet
