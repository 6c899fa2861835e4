// The same image gives the same bits: on every instruction set and path, with any number of threads, in a fresh session or one
// that has run other paths and images before, alone or beside other sessions over the same model.
#include <array>
#include <thread>

#include "opened.h"
#include "session_checks.h"
#include "split.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

using test::Opened, test::Session, test::create;

struct Outputs {
  std::vector<float> scores, logits;
};

std::vector<Outputs> fresh_outputs(const Opened& opened, const char* isa) {
  std::vector<Outputs> all(static_cast<size_t>(opened.info.n_paths));
  for (size_t path = 0; path < all.size(); ++path) {
    const Session session = create(opened.model, 1, isa);
    all[path].logits = test::run_path(session.get(), opened.info, opened.image, static_cast<int32_t>(path), all[path].scores);
  }
  return all;
}

// Whether every path, run from the widest to the slimmest and back, gives these bits.
bool repeats(const Opened& opened, dsnet_session* session, const std::vector<Outputs>& expected) {
  const auto n = static_cast<int32_t>(expected.size());
  bool same = true;
  for (int32_t step = 0; step < 2 * n; ++step) {
    const int32_t path = step < n ? n - 1 - step : step - n;
    Outputs found = {std::vector<float>(static_cast<size_t>(n)), std::vector<float>(static_cast<size_t>(opened.info.n_classes))};
    int32_t taken = -1;
    same = same &&
           dsnet_run(session, opened.image.data(), path, found.logits.data(), &taken, found.scores.data(), nullptr) == DSNET_OK;
    const Outputs& right = expected[static_cast<size_t>(path)];
    same = same && test::same_bits(found.logits, right.logits) && test::same_bits(found.scores, right.scores);
  }
  return same;
}

// Runs the widest path on an image of huge numbers, which leaves infinities and NaNs wherever a later run could pick them up.
void poison(const Opened& opened, dsnet_session* session) {
  const std::vector<float> image(opened.image.size(), 3e38F);
  std::vector<float> scores;
  test::run_path(session, opened.info, image, opened.info.n_paths - 1, scores);
}

void test_threads(const Opened& opened, const char* isa, const std::vector<Outputs>& expected) {
  for (const int32_t threads : {1, 2, 3, 4}) {
    const Session session = create(opened.model, threads, isa);
    CHECK(repeats(opened, session.get(), expected));
    poison(opened, session.get());
    CHECK(repeats(opened, session.get(), expected));
  }
}

void test_concurrent_sessions(const Opened& opened, const char* isa, const std::vector<Outputs>& expected) {
  std::array<bool, 3> same = {};
  std::vector<std::thread> users;
  users.reserve(same.size());
  for (size_t user = 0; user < same.size(); ++user) {
    users.emplace_back([&, user] {
      const Session session = create(opened.model, static_cast<int32_t>(user) + 1, isa);
      same[user] = repeats(opened, session.get(), expected);
    });
  }
  for (std::thread& user : users) user.join();
  for (const bool each : same) CHECK(each);
}

void test_model(const char* precision) {
  constexpr uint32_t kHeight = 75, kWidth = 73;           // of the image
  CHECK(dsnet::parts_for(2, 38.0 * 37 * 8 * 3 / 4) > 1);  // so large that the threads share the first pointwise op, int8 as well
  const test::TemporaryFile file;
  CHECK(file.write(test::TinyModel(precision, kHeight, kWidth).bytes()));
  const Opened opened(file.name());
  for (const char* isa : test::kIsas) {
    if (create(opened.model, 1, isa) == nullptr) continue;  // not this processor's
    const auto expected = fresh_outputs(opened, isa);
    test_threads(opened, isa, expected);
    test_concurrent_sessions(opened, isa, expected);
  }
}

}  // namespace

int main() {
  for (const char* precision : test::kPrecisions) test_model(precision);
  return check::report("determinism");
}
