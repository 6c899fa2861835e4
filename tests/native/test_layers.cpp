// What every op of a tiny network is called, costs and takes.
#include <numeric>
#include <string>

#include "opened.h"
#include "session_checks.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

using test::Opened, test::Session, test::create;

struct Expected {
  int32_t op, path;
  const char *name, *kind, *segment;
  int64_t madds, bytes;
};

void test_infos(const Opened& opened, const std::vector<Expected>& all) {
  for (const Expected& expected : all) {
    dsnet_op_info info = {};
    CHECK(dsnet_model_op_info(opened.model, expected.op, expected.path, &info) == DSNET_OK);
    CHECK(info.name == std::string(expected.name) && info.kind == std::string(expected.kind));
    CHECK(info.segment == std::string(expected.segment));
    CHECK(info.madds == expected.madds && info.bytes == expected.bytes);
  }
}

// The image has 13 x 11 pixels, the maps 7 x 6 and then 4 x 3; path 2 has 40 channels in the middle and 50 at the end.
// Bytes: input, output, second input, weights, and scale and shift (and sums) of each output channel.
const std::vector<Expected> kOfFloats = {
    {0, 0, "stem", "conv2d", "prefix", 42 * 8 * 27, 4 * (143 * 3 + 42 * 8 + 8 * 27 + 8 * 2)},
    {1, 1, "early", "depthwise", "prefix", 42 * 8 * 9, 4 * (42 * 8 + 42 * 8 + 8 * 9 + 8 * 2)},
    {2, 2, "pool", "global_pool", "gate", 42 * 8, 4 * (42 * 8 + 8)},
    {4, 2, "scores", "linear", "gate", 5 * 3, 4 * (5 + 3 + 5 * 3 + 3 * 2)},
    {6, 2, "attend", "multiply", "suffix", 0, 4 * (42 * 8 + 42 * 8 + 8)},
    {7, 2, "wide", "pointwise", "suffix", 42 * 8 * 40, 4 * (42 * 8 + 42 * 40 + 8 * 40 + 40 * 2)},
    {8, 2, "deep", "depthwise", "suffix", 12 * 40 * 25, 4 * (42 * 40 + 12 * 40 + 40 * 25 + 40 * 2)},
    {12, 0, "last", "pointwise", "suffix", 12 * 20 * 17, 4 * (12 * 20 + 12 * 17 + 20 * 17 + 17 * 2)},
    {14, 2, "sum", "add", "suffix", 0, 4 * (12 * 50 + 12 * 50 + 12 * 50)},
};
const std::vector<Expected> kOfIntegers = {
    {0, 0, "stem", "conv2d", "prefix", 42 * 8 * 27, 143 * 3 + 42 * 8 + 8 * 27 + 8 * 3 * 4 + 256},  // silu is a table
    {2, 2, "pool", "global_pool", "gate", 42 * 8, 42 * 8 + 8 * 4},
    {6, 2, "attend", "multiply", "suffix", 0, 42 * 8 + 42 * 8 + 8 * 4},
    {8, 2, "deep", "depthwise", "suffix", 12 * 40 * 25, 42 * 40 + 12 * 40 + 40 * 25 + 40 * 3 * 4},
};

void test_times(const Opened& opened) {
  const Session timed = create(opened.model, 1), plain = create(opened.model, 1);
  const auto n_ops = static_cast<size_t>(dsnet_model_op_count(opened.model));
  std::vector<double> op_ms(n_ops, 0.0);
  CHECK(dsnet_session_time_ops(timed.get(), op_ms.data(), static_cast<int32_t>(n_ops)) == DSNET_OK);
  std::vector<double> before;
  for (int32_t path = 0; path < opened.info.n_paths; ++path) {
    std::vector<float> scores, expected_scores;
    before = op_ms;
    const auto logits = test::run_path(timed.get(), opened.info, opened.image, path, scores);  // allocates nothing
    CHECK(test::same_bits(logits, test::run_path(plain.get(), opened.info, opened.image, path, expected_scores)));
    for (size_t o = 0; o < n_ops; ++o) CHECK(op_ms[o] > before[o]);
  }

  std::vector<float> scores(static_cast<size_t>(opened.info.n_paths));
  before = op_ms;
  CHECK(dsnet_gate(timed.get(), scores.data()) == DSNET_OK);
  for (size_t o = 0; o < n_ops; ++o) {
    dsnet_op_info info = {};
    dsnet_model_op_info(opened.model, static_cast<int32_t>(o), 0, &info);
    CHECK((op_ms[o] > before[o]) == (info.segment == std::string("gate")));
  }
  before = op_ms;
  CHECK(dsnet_session_time_ops(timed.get(), nullptr, 0) == DSNET_OK);
  CHECK(dsnet_gate(timed.get(), scores.data()) == DSNET_OK && op_ms == before);
}

void test_arguments(const Opened& opened) {
  const Session session = create(opened.model, 1);
  const int32_t n_ops = dsnet_model_op_count(opened.model);
  double op_ms[64] = {};
  dsnet_op_info info = {};
  CHECK(dsnet_session_time_ops(nullptr, op_ms, n_ops) == DSNET_ERROR_ARGUMENT);
  for (const int32_t wrong : {-1, 0, n_ops - 1, n_ops + 1}) {
    CHECK(dsnet_session_time_ops(session.get(), op_ms, wrong) == DSNET_ERROR_ARGUMENT);
  }
  CHECK(dsnet_model_op_info(nullptr, 0, 0, &info) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_info(opened.model, 0, 0, nullptr) == DSNET_ERROR_ARGUMENT);
  for (const int32_t wrong : {-1, n_ops}) CHECK(dsnet_model_op_info(opened.model, wrong, 0, &info) == DSNET_ERROR_ARGUMENT);
  for (const int32_t wrong : {-1, 3}) CHECK(dsnet_model_op_info(opened.model, 0, wrong, &info) == DSNET_ERROR_ARGUMENT);
  CHECK(info.name == nullptr);
}

}  // namespace

int main() {
  for (const char* precision : test::kPrecisions) {
    const test::TemporaryFile file;
    CHECK(file.write(test::TinyModel(precision).bytes()));
    const Opened opened(file.name());
    if (precision == std::string("fp32")) test_infos(opened, kOfFloats);
    if (precision == std::string("int8")) test_infos(opened, kOfIntegers);
    test_times(opened);
    test_arguments(opened);
  }
  return check::report("layers");
}
