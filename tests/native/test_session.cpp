// The C ABI over a tiny network: every instruction set agrees with scalar, stages can be repeated, all paths share weights.
#include <string>

#include "opened.h"
#include "session_checks.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

using test::Opened, test::Session, test::create;

void test_agreement(const Opened& opened) {
  const Session scalar = create(opened.model, 1, "scalar");
  const std::string precision = opened.info.precision;
  // A sum in another order may round to the neighbouring number of 16 bits.
  const float tolerance = precision == "bf16" ? 1e-2F : precision == "fp16" ? 5e-3F : 1e-5F;
  for (const char* isa : test::kIsas) {
    const Session session = create(opened.model, 1, isa);
    if (session == nullptr) continue;  // not this processor's
    const std::string name =
        dsnet_session_isa(session.get());  // of the kernels that run, of which an instruction set has several
    CHECK(precision != "fp32" || name == isa);
    CHECK((name == "scalar") == (isa == std::string("scalar")));
    for (int32_t path = 0; path < opened.info.n_paths; ++path) {
      std::vector<float> scores, expected_scores;
      const auto expected = test::run_path(scalar.get(), opened.info, opened.image, path, expected_scores);
      const auto logits = test::run_path(session.get(), opened.info, opened.image, path, scores);
      CHECK(test::relative_error(logits.data(), expected.data(), logits.size()) < tolerance);
      CHECK(test::relative_error(scores.data(), expected_scores.data(), scores.size()) < tolerance);
    }
  }
}

void test_stages(const Opened& opened) {
  const Session owner = create(opened.model, 1), whole = create(opened.model, 1);
  dsnet_session* session = owner.get();
  const dsnet_model_info& info = opened.info;
  std::vector<float> scores(static_cast<size_t>(info.n_paths)), logits(static_cast<size_t>(info.n_classes));
  CHECK(dsnet_gate(session, scores.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_suffix(session, 0, logits.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_prefix(session, opened.image.data()) == DSNET_OK);
  CHECK(dsnet_suffix(session, 0, logits.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_gate(session, scores.data()) == DSNET_OK);
  std::vector<float> whole_scores;
  for (int round = 0; round < 2; ++round) {  // suffix and gate run again on the same features
    for (int32_t path = info.n_paths - 1; path >= 0; --path) {
      CHECK(dsnet_suffix(session, path, logits.data()) == DSNET_OK);
      CHECK(test::same_bits(logits, test::run_path(whole.get(), info, opened.image, path, whole_scores)));
    }
    CHECK(dsnet_gate(session, scores.data()) == DSNET_OK);
    CHECK(test::same_bits(scores, whole_scores));
  }
  const auto automatic = test::run_path(whole.get(), info, opened.image, DSNET_PATH_AUTO, whole_scores);
  int32_t best = 0;
  for (int32_t p = 1; p < info.n_paths; ++p) best = scores[static_cast<size_t>(p)] > scores[static_cast<size_t>(best)] ? p : best;
  CHECK(dsnet_suffix(session, best, logits.data()) == DSNET_OK && test::same_bits(logits, automatic));
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
}

}  // namespace

int main() {
  for (const char* precision : test::kPrecisions) test_model(precision);
  return check::report("session");
}
