// A bundle's golden folder: what a device must reproduce (docs/bundle.md).
#pragma once

#include "engine.h"
#include "npy.h"

namespace dsnet::cli {

struct Golden {
  Array images;  // [n, h, w, 3]
  Array scores;  // [n, P]
  Array logits;  // [P, n, classes]

  size_t count() const { return images.shape[0]; }
};

// Throws std::runtime_error unless the three files fit the model.
Golden read_golden(const std::string& folder, const dsnet_model_info& info);

// How far a path may be off in a precision, relative to the largest expected magnitude; as in `dsnet-edge verify`.
double usual_tolerance(const std::string& precision);

struct Mismatch {
  double error = 0;  // the largest difference, relative to the largest expected magnitude
  std::string where;
};

// Runs every path of every image and finds the worst.
Mismatch worst_mismatch(const Golden& golden, dsnet_session* session, const dsnet_model_info& info);

}  // namespace dsnet::cli
