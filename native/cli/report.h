// What dsnet-bench found, as a table and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "golden.h"
#include "layers.h"

namespace dsnet::cli {

struct GoldenCheck {
  size_t images;
  double tolerance;
  Mismatch worst;

  bool passed() const { return worst.error <= tolerance; }
};

struct Report {
  std::string model_file, model_name, isa;
  int threads;
  std::vector<int> cores;  // of the threads, if they were pinned
  dsnet_model_info info;
  Machine machine;
  FirstResult first;
  Memory memory;  // after every path has run, less what the process held before
  std::optional<GoldenCheck> golden;
  Measurement measurement;
  bool with_samples;
  std::optional<Layers> layers;
};

std::string as_table(const Report& report);
std::string as_json(const Report& report);

}  // namespace dsnet::cli
