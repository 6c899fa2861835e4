#include "golden.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace dsnet::cli {
namespace {

double relative_error(const std::vector<float>& found, const float* expected) {
  double difference = 0, magnitude = 1e-30;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!std::isfinite(found[i])) return INFINITY;
    difference = std::fmax(difference, std::fabs(double{found[i]} - double{expected[i]}));
    magnitude = std::fmax(magnitude, std::fabs(double{expected[i]}));
  }
  return difference / magnitude;
}

bool all_finite(const Array& array) {
  return std::all_of(array.data.begin(), array.data.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

Golden read_golden(const std::string& folder, const dsnet_model_info& info) {
  const auto height = static_cast<size_t>(info.height), width = static_cast<size_t>(info.width);
  const auto n_paths = static_cast<size_t>(info.n_paths), n_classes = static_cast<size_t>(info.n_classes);
  Golden golden;
  golden.images = read_npy(folder + "/images.npy");
  const size_t n = golden.images.shape.empty() ? 0 : golden.images.shape[0];
  if (n == 0 || golden.images.shape != std::vector<size_t>{n, height, width, 3}) {
    throw std::runtime_error(folder + "/images.npy: expected shape [n, " + std::to_string(height) + ", " + std::to_string(width) +
                             ", 3] with n >= 1; it belongs to another model");
  }
  golden.scores = read_npy(folder + "/scores.npy", {n, static_cast<size_t>(info.n_scores)});
  golden.logits = read_npy(folder + "/logits.npy", {n_paths, n, n_classes});
  if (!all_finite(golden.images) || !all_finite(golden.scores) || !all_finite(golden.logits)) {
    throw std::runtime_error(folder + ": holds values that are not finite; convert the bundle again");
  }
  return golden;
}

double usual_tolerance(const std::string& precision) {
  if (precision == "fp32") return 1e-4;
  if (precision == "fp16") return 1e-2;
  return precision == "bf16" ? 5e-2 : 0.1;
}

Mismatch worst_mismatch(const Golden& golden, dsnet_session* session, const dsnet_model_info& info) {
  const auto n_paths = static_cast<size_t>(info.n_paths), n_classes = static_cast<size_t>(info.n_classes);
  const size_t pixels = golden.images.data.size() / golden.count();
  Mismatch worst;
  Result result = result_of(info);
  const auto compare = [&](const std::vector<float>& found, const float* expected, const std::string& where) {
    const double error = relative_error(found, expected);
    if (worst.where.empty() || error > worst.error) worst = {error, where};
  };
  for (size_t i = 0; i < golden.count(); ++i) {
    const std::string image = "image " + std::to_string(i);
    for (size_t path = 0; path < n_paths; ++path) {
      run(session, &golden.images.data[i * pixels], static_cast<int>(path), result);
      const bool known = info.n_gates == 1 || (info.n_gates > 1 && path + 1 == n_paths);  // of later gates, on the widest path
      if (known) compare(result.scores, &golden.scores.data[i * static_cast<size_t>(info.n_scores)], "scores.npy, " + image);
      compare(result.logits, &golden.logits.data[(path * golden.count() + i) * n_classes],
              "logits.npy, " + image + ", path " + std::to_string(path));
    }
  }
  return worst;
}

}  // namespace dsnet::cli
