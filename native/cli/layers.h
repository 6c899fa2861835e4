// Where the time of a path goes, op by op.
#pragma once

#include "measure.h"

namespace dsnet::cli {

struct Layer {
  dsnet_op_info info;  // its costs on the path
  double ms;           // median
};

struct PathLayers {
  int path;
  std::vector<Layer> layers;

  double total_ms() const;
};

struct Layers {
  dsnet_peaks peaks;  // of one core
  int rounds;
  std::vector<PathLayers> paths;
};

// More rounds, in which the runtime reads its clock after every op.
Layers measure_layers(const Options& options, const Opened& opened, const std::vector<int>& paths,
                      const std::vector<float>& image);

// The least time that one core needs for the multiply-adds, and to read the bytes from memory.
double roofline_ms(const Layer& layer, const dsnet_peaks& peaks);

std::string as_table(const Layers& layers);
std::string as_json(const Layers& layers);

}  // namespace dsnet::cli
