// dsnet-check MODEL GOLDEN [TOLERANCE]: runs every path of a model and compares with what the oracle says.
//
// GOLDEN is a file of little-endian float32, nothing else:
//   image   [h, w, 3]             normalised
//   scores  [n_scores]            of the gates, on the widest path
//   logits  [n_paths, n_classes]  path by path
// Errors are relative to the largest expected magnitude; TOLERANCE is 1e-4 unless given. Checked as well: all weights lie in
// the mapping, nothing is allocated while running, and results do not depend on the number of threads.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "opened.h"
#include "session_checks.h"

namespace {

std::vector<float> read_floats(const char* filename) {
  std::ifstream file(filename, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

void check_isa(const dsnet_model* model, const char* isa, const std::vector<float>& golden, float tolerance) {
  const dsnet_model_info info = dsnet_model_get_info(model);
  const auto n_image = static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3;
  const auto n_paths = static_cast<size_t>(info.n_paths), n_classes = static_cast<size_t>(info.n_classes);
  const auto n_scores = static_cast<size_t>(info.n_scores);
  const std::vector<float> image(golden.begin(), golden.begin() + static_cast<ptrdiff_t>(n_image));
  const test::Session one = test::create(model, 1, isa);
  if (one == nullptr) return;  // not this processor's
  const test::Session several[] = {test::create(model, 2, isa), test::create(model, 3, isa), test::create(model, 4, isa)};
  float worst = 0;
  for (size_t path = 0; path < n_paths; ++path) {
    std::vector<float> scores, shared_scores;
    const auto logits = test::run_path(one.get(), info, image, static_cast<int32_t>(path), scores);
    // Later gates see what earlier ones chose: their scores are those of the widest path.
    const bool known = info.n_gates == 1 || path + 1 == n_paths;
    const float of_scores = known ? test::relative_error(scores.data(), &golden[n_image], n_scores) : 0;
    const float* expected = &golden[n_image + n_scores + path * n_classes];
    const float error = std::fmax(of_scores, test::relative_error(logits.data(), expected, n_classes));
    if (!CHECK(error <= tolerance)) std::printf("  %s, path %zu: error %g\n", isa, path, static_cast<double>(error));
    for (const test::Session& session : several) {
      const auto shared_logits = test::run_path(session.get(), info, image, static_cast<int32_t>(path), shared_scores);
      CHECK(test::same_bits(logits, shared_logits) && test::same_bits(scores, shared_scores));
    }
    worst = std::fmax(worst, error);
  }
  std::printf("%s: %zu paths, largest relative error %.2g\n", isa, n_paths, static_cast<double>(worst));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::printf("usage: %s MODEL GOLDEN [TOLERANCE]\n", argv[0]);
    return 2;
  }
  dsnet_model* model = nullptr;
  char message[1024];
  if (dsnet_model_open(argv[1], &model, message, sizeof message) != DSNET_OK) {
    std::printf("%s\n", message);
    return 1;
  }
  const dsnet_model_info info = dsnet_model_get_info(model);
  const std::vector<float> golden = read_floats(argv[2]);
  const size_t expected = static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3 +
                          static_cast<size_t>(info.n_scores) +
                          static_cast<size_t>(info.n_paths) * static_cast<size_t>(info.n_classes);
  if (golden.size() != expected) {
    std::printf("%s: expected %zu floats, found %zu\n", argv[2], expected, golden.size());
    return 1;
  }
  test::check_weights_shared(model);
  const float tolerance = argc > 3 ? std::strtof(argv[3], nullptr) : 1e-4F;
  for (const char* isa : test::kIsas) check_isa(model, isa, golden, tolerance);
  dsnet_model_close(model);
  return check::report("dsnet-check");
}
