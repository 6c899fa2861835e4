// The C ABI over a tiny network: every instruction set agrees with scalar, every number of threads to the bit, stages can be
// repeated, nothing is allocated while running, and wrong calls are refused.
#include <random>
#include <string>

#include "session_checks.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

struct Opened {
  dsnet_model* model = nullptr;
  dsnet_model_info info = {};
  std::vector<float> image;

  explicit Opened(const char* filename) {
    char message[512];
    if (!CHECK(dsnet_model_open(filename, &model, message, sizeof message) == DSNET_OK)) std::printf("  %s\n", message);
    info = dsnet_model_get_info(model);
    image.resize(static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3);
    std::mt19937 generator(3);
    std::normal_distribution<float> normal;
    for (float& x : image) x = normal(generator);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { dsnet_model_close(model); }
};

dsnet_session* create(const Opened& opened, int32_t threads, const char* isa) {
  dsnet_session* session = nullptr;
  char message[512];
  dsnet_session_create(opened.model, threads, isa, &session, message, sizeof message);
  return session;
}

// Logits of every path, one after another, and the scores.
std::vector<float> run_all(const Opened& opened, dsnet_session* session) {
  std::vector<float> all, scores;
  for (int32_t path = 0; path < opened.info.n_paths; ++path) {
    const auto logits = test::run_path(session, opened.info, opened.image, path, scores);
    all.insert(all.end(), logits.begin(), logits.end());
  }
  all.insert(all.end(), scores.begin(), scores.end());
  return all;
}

void test_agreement(const Opened& opened) {
  dsnet_session* scalar = create(opened, 1, "scalar");
  const auto expected = run_all(opened, scalar);
  for (const char* isa : {"scalar", "avx2", "avx512", "neon"}) {
    std::vector<float> single;
    for (const int32_t threads : {1, 2, 3, 7}) {
      dsnet_session* session = create(opened, threads, isa);
      if (session == nullptr) break;  // not this processor's
      CHECK(std::string(dsnet_session_isa(session)) == isa);
      const auto found = run_all(opened, session);
      CHECK(test::relative_error(found.data(), expected.data(), found.size()) < 1e-5F);
      if (threads == 1) single = found;
      CHECK(test::same_bits(found, single));
      dsnet_session_destroy(session);
    }
  }
  dsnet_session_destroy(scalar);
}

void test_stages(const Opened& opened) {
  dsnet_session* session = create(opened, 1, nullptr);
  const dsnet_model_info& info = opened.info;
  std::vector<float> scores(static_cast<size_t>(info.n_paths)), logits(static_cast<size_t>(info.n_classes));
  CHECK(dsnet_gate(session, scores.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_suffix(session, 0, logits.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_prefix(session, opened.image.data()) == DSNET_OK);
  CHECK(dsnet_suffix(session, 0, logits.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_gate(session, scores.data()) == DSNET_OK);
  dsnet_session* whole = create(opened, 1, nullptr);
  std::vector<float> whole_scores;
  for (int round = 0; round < 2; ++round) {  // suffix and gate run again on the same features
    for (int32_t path = info.n_paths - 1; path >= 0; --path) {
      CHECK(dsnet_suffix(session, path, logits.data()) == DSNET_OK);
      CHECK(test::same_bits(logits, test::run_path(whole, info, opened.image, path, whole_scores)));
    }
    CHECK(dsnet_gate(session, scores.data()) == DSNET_OK);
    CHECK(test::same_bits(scores, whole_scores));
  }
  const auto automatic = test::run_path(whole, info, opened.image, DSNET_PATH_AUTO, whole_scores);
  int32_t best = 0;
  for (int32_t p = 1; p < info.n_paths; ++p) best = scores[static_cast<size_t>(p)] > scores[static_cast<size_t>(best)] ? p : best;
  CHECK(dsnet_suffix(session, best, logits.data()) == DSNET_OK && test::same_bits(logits, automatic));
  dsnet_session_destroy(whole);
  dsnet_session_destroy(session);
}

void test_wrong_calls(const Opened& opened) {
  dsnet_session* session = nullptr;
  char message[256] = "";
  CHECK(dsnet_session_create(opened.model, 0, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(session == nullptr && std::string(message).find("threads") != std::string::npos);
  CHECK(dsnet_session_create(opened.model, 1, "mmx", &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(std::string(message).find("'mmx'") != std::string::npos && std::string(message).find("scalar") != std::string::npos);
  CHECK(dsnet_session_create(nullptr, 1, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_session_create(opened.model, 1, nullptr, nullptr, nullptr, 0) == DSNET_ERROR_ARGUMENT);
  session = create(opened, 1, nullptr);
  std::vector<float> logits(static_cast<size_t>(opened.info.n_classes));
  int32_t taken = 0;
  const float* image = opened.image.data();
  CHECK(dsnet_run(session, image, opened.info.n_paths, logits.data(), &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, image, -2, logits.data(), &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, nullptr, 0, logits.data(), &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, image, 0, logits.data(), &taken, nullptr, nullptr) == DSNET_OK);
  const void* begin = nullptr;
  size_t bytes = 0;
  CHECK(dsnet_model_op_weights(opened.model, -1, 0, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(opened.model, 0, 99, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  dsnet_session_destroy(session);
  dsnet_session_destroy(nullptr);
  dsnet_model_close(nullptr);
}

void test_model(const char* precision) {
  const test::TemporaryFile file;
  CHECK(file.write(test::TinyModel(precision).bytes()));
  const Opened opened(file.name());
  CHECK(std::string(opened.info.name) == "tiny" && opened.info.n_paths == 3 && opened.info.n_classes == 10);
  CHECK(opened.info.height == 13 && opened.info.width == 11 && opened.info.activation_bytes > 0);
  test::check_weights_shared(opened.model);
  test_agreement(opened);
  test_stages(opened);
  test_wrong_calls(opened);
}

}  // namespace

int main() {
  for (const char* precision : {"fp32", "int8"}) test_model(precision);
  return check::report("session");
}
