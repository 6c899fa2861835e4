// What must hold for any opened model, tiny or real.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "dsnet.h"

namespace test {

// On every path, every op's weights lie in the arena, and every path reads them from the same place; a wider one with one gate,
// and the widest with several, no less far than the others.
inline void check_weights_shared(const dsnet_model* model) {
  const dsnet_model_info info = dsnet_model_get_info(model);
  const auto* arena = static_cast<const char*>(info.arena);
  for (int32_t op = 0; op < dsnet_model_op_count(model); ++op) {
    const void* first = nullptr;
    const void* same = nullptr;
    size_t previous = 0, most = 0;
    CHECK(dsnet_model_op_weights(model, op, info.n_paths - 1, &same, &most) == DSNET_OK);
    for (int32_t path = 0; path < info.n_paths; ++path) {
      const void* begin = nullptr;
      size_t bytes = 0;
      CHECK(dsnet_model_op_weights(model, op, path, &begin, &bytes) == DSNET_OK);
      if (path == 0) first = begin;
      CHECK(begin == first && bytes <= most && (info.n_gates > 1 || bytes >= previous));
      const auto* at = static_cast<const char*>(begin);
      CHECK(begin == nullptr ? bytes == 0 : at >= arena && bytes > 0 && at + bytes <= arena + info.arena_bytes);
      previous = bytes;
    }
  }
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The largest difference, relative to the largest expected magnitude.
inline float relative_error(const float* found, const float* expected, size_t count) {
  float difference = 0, magnitude = 1e-30F;
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(found[i])) return INFINITY;
    difference = std::fmax(difference, std::fabs(found[i] - expected[i]));
    magnitude = std::fmax(magnitude, std::fabs(expected[i]));
  }
  return difference / magnitude;
}

// Runs a path and sees to it that nothing was allocated.
inline std::vector<float> run_path(dsnet_session* session, const dsnet_model_info& info, const std::vector<float>& image,
                                   int32_t path, std::vector<float>& scores) {
  std::vector<float> logits(static_cast<size_t>(info.n_classes));
  scores.resize(static_cast<size_t>(info.n_scores));
  int32_t taken = -2;
  dsnet_timing timing = {};
  const long before = allocations();
  const dsnet_status status = dsnet_run(session, image.data(), path, logits.data(), &taken, scores.data(), &timing);
  CHECK(allocations() == before);
  CHECK(status == DSNET_OK);
  CHECK(path == DSNET_PATH_AUTO ? taken >= 0 && taken < info.n_paths : taken == path);
  CHECK(timing.prefix_ms >= 0 && timing.gate_ms >= 0 && timing.suffix_ms >= 0);
  return logits;
}

}  // namespace test
