// Wrong calls of the C ABI are refused with a status, and change nothing.
#include <sched.h>

#include <cstring>
#include <string>

#include "opened.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

using test::Opened, test::Session, test::create;

void test_open(const char* filename) {
  dsnet_model* model = nullptr;
  CHECK(dsnet_model_open(nullptr, &model, nullptr, 0) == DSNET_ERROR_ARGUMENT && model == nullptr);
  CHECK(dsnet_model_open(filename, nullptr, nullptr, 0) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_open(nullptr, nullptr, nullptr, 100) == DSNET_ERROR_ARGUMENT);
  char tiny[8] = "1234567";
  CHECK(dsnet_model_open("/nonexistent", &model, tiny, 4) == DSNET_ERROR_IO);
  CHECK(std::strcmp(tiny, "/no") == 0 && tiny[4] == '5');  // cut to the size given
  std::strcpy(tiny, "kept");
  CHECK(dsnet_model_open("/nonexistent", &model, tiny, 0) == DSNET_ERROR_IO && std::strcmp(tiny, "kept") == 0);
  CHECK(dsnet_model_open(filename, &model, nullptr, 100) == DSNET_OK);
  dsnet_model_close(model);
  dsnet_model_close(nullptr);
}

void test_model(const Opened& opened) {
  const void* begin = nullptr;
  size_t bytes = 7;
  CHECK(dsnet_model_op_weights(opened.model, -1, 0, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(opened.model, dsnet_model_op_count(opened.model), 0, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(opened.model, 0, 99, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(opened.model, 0, -1, &begin, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(nullptr, 0, 0, &begin, &bytes) == DSNET_ERROR_ARGUMENT && begin == nullptr && bytes == 7);
  CHECK(dsnet_model_op_weights(opened.model, 0, 0, nullptr, &bytes) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_weights(opened.model, 0, 0, &begin, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_op_count(nullptr) == 0);
  CHECK(dsnet_model_check(nullptr, nullptr, 0) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_check(opened.model, nullptr, 0) == DSNET_OK);
  const dsnet_model_info nothing = dsnet_model_get_info(nullptr);
  CHECK(nothing.name == nullptr && nothing.n_paths == 0 && nothing.arena == nullptr && nothing.arena_bytes == 0);
}

void test_create(const Opened& opened) {
  dsnet_session* session = nullptr;
  char message[256] = "";
  for (const int32_t threads : {INT32_MIN, -1, 0, 257, INT32_MAX}) {
    CHECK(dsnet_session_create(opened.model, threads, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
    CHECK(session == nullptr && std::string(message).find("threads") != std::string::npos);
  }
  CHECK(dsnet_session_create(opened.model, 1, "mmx", &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(std::string(message).find("'mmx'") != std::string::npos && std::string(message).find("scalar") != std::string::npos);
  CHECK(dsnet_session_create(opened.model, 1, "", &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_session_create(nullptr, 1, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_session_create(opened.model, 1, nullptr, nullptr, nullptr, 0) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_session_isa(nullptr) == nullptr);
  dsnet_session_destroy(nullptr);
}

void test_cores(const Opened& opened) {
  int32_t big[4] = {-1, -1, -1, -1};
  const int32_t count = dsnet_big_cores(big, 4);
  CHECK(count >= 1 && big[0] >= 0);
  CHECK(dsnet_big_cores(nullptr, 4) == count && dsnet_big_cores(big, 0) == count && dsnet_big_cores(big, -1) == count);
  dsnet_session* session = nullptr;
  char message[256] = "";
  const auto create_on = [&](const std::vector<int32_t>& cores) {
    return dsnet_session_create_on(opened.model, cores.data(), static_cast<int32_t>(cores.size()), nullptr, &session, message,
                                   sizeof message);
  };
  for (const std::vector<int32_t>& wrong : {std::vector<int32_t>{-1}, {100000}, {big[0], big[0]}, std::vector<int32_t>(300)}) {
    CHECK(create_on(wrong) == DSNET_ERROR_ARGUMENT && session == nullptr && std::strstr(message, "cores") != nullptr);
  }
  const int32_t* none = nullptr;
  CHECK(dsnet_session_create_on(opened.model, none, 1, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_session_create_on(opened.model, big, 0, nullptr, &session, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  cpu_set_t before, after;
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(create_on({big, big + (count < 4 ? count : 4)}) == DSNET_OK);
  std::vector<float> logits(static_cast<size_t>(opened.info.n_classes));
  int32_t taken = 0;
  CHECK(dsnet_run(session, opened.image.data(), 0, logits.data(), &taken, nullptr, nullptr) == DSNET_OK);
  CHECK(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));  // the caller is left alone
  dsnet_session_destroy(session);
}

void test_run(const Opened& opened) {
  const Session owner = create(opened.model, 1);
  dsnet_session* session = owner.get();
  const float* image = opened.image.data();
  std::vector<float> logits(static_cast<size_t>(opened.info.n_classes), 5.0F), scores(static_cast<size_t>(opened.info.n_paths));
  const std::vector<float> untouched = logits;
  float* out = logits.data();
  int32_t taken = -7;
  for (const int32_t path : {INT32_MIN, -2, opened.info.n_paths, INT32_MAX}) {
    CHECK(dsnet_run(session, image, path, out, &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
    CHECK(dsnet_suffix(session, path, out) == DSNET_ERROR_ARGUMENT);
  }
  CHECK(dsnet_run(nullptr, image, 0, out, &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, nullptr, 0, out, &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, image, 0, nullptr, &taken, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_run(session, image, 0, out, nullptr, nullptr, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_prefix(nullptr, image) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_prefix(session, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_gate(session, scores.data()) == DSNET_ERROR_ARGUMENT);  // none of the calls above counts as a prefix
  CHECK(logits == untouched && taken == -7);
  CHECK(dsnet_prefix(session, image) == DSNET_OK);
  CHECK(dsnet_gate(nullptr, scores.data()) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_gate(session, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_suffix(session, 0, out) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_gate(session, scores.data()) == DSNET_OK);
  CHECK(dsnet_suffix(nullptr, 0, out) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_suffix(session, 0, nullptr) == DSNET_ERROR_ARGUMENT);
  CHECK(logits == untouched);
  CHECK(dsnet_suffix(session, 0, out) == DSNET_OK && logits != untouched);
  CHECK(dsnet_run(session, image, 0, out, &taken, nullptr, nullptr) == DSNET_OK && taken == 0);
}

}  // namespace

int main() {
  const test::TemporaryFile file;
  CHECK(file.write(test::TinyModel().bytes()));
  test_open(file.name());
  const Opened opened(file.name());
  test_model(opened);
  test_create(opened);
  test_cores(opened);
  test_run(opened);
  return check::report("arguments");
}
