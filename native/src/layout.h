// Where each value lives in the activation arena. Values whose lives do not overlap share memory; the arena is sized for the
// widest path and the places do not depend on the path.
#pragma once

#include <cstdint>
#include <vector>

#include "program.h"

namespace dsnet {

struct Layout {
  std::vector<size_t> offsets;  // of each value, in bytes; multiples of 64
  size_t bytes;                 // of the whole arena
};

Layout plan_layout(const Program& program);

}  // namespace dsnet
