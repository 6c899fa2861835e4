// An opened model: all that sessions share, none of which changes.
#pragma once

#include <string>

#include "layout.h"
#include "mapping.h"
#include "program.h"
#include "strategies.h"
#include "weights.h"

namespace dsnet {

struct Model {
  explicit Model(const char* name, Strategy of = Strategy::slicing);

  // The values of the panels, which opening leaves unread.
  void check() const;

  std::string filename;
  Mapping mapping;
  const uint8_t* arena = nullptr;  // the data section of the mapping: all weights
  size_t arena_bytes = 0;
  Program program;
  Weights weights;
  Layout layout;
  Strategy strategy = Strategy::slicing;
  std::vector<Mask> masks;  // of masking
};

}  // namespace dsnet
