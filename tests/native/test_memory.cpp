// Out of memory: whichever allocation of opening a model or creating a session fails, the answer is a status, and nothing is
// left behind (AddressSanitizer looks for leaks). Running allocates nothing, so there it cannot fail.
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "opened.h"
#include "session_checks.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

constexpr int kTries = 100000;  // more than anything here allocates

// What AddressSanitizer does not see: mappings, and file descriptors by the lowest that is free.
bool is_mapped(const std::string& filename) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(filename) != std::string::npos) return true;
  }
  return false;
}

int free_descriptor() {
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(descriptor);
  return descriptor;
}

// Calls `attempt` with ever more memory until it succeeds; it returns its status, or that of a wrong answer.
template <class Attempt>
void expect_clean_failures(const Attempt& attempt) {
  for (const long refused : {1L, LONG_MAX}) {  // one moment without memory, and no memory from then on
    long granted = 0;
    while (granted < kTries && attempt(granted, refused) == DSNET_ERROR_MEMORY) ++granted;
    CHECK(granted > 0);
    CHECK(attempt(granted, refused) == DSNET_OK);
  }
}

void test_open(const char* filename) {
  const int descriptor = free_descriptor();
  expect_clean_failures([&](long granted, long refused) {
    dsnet_model* model = nullptr;
    char message[256] = "";
    const dsnet_status status = [&] {
      const test::Outage outage(granted, refused);
      return dsnet_model_open(filename, &model, message, sizeof message);
    }();
    CHECK((model != nullptr) == (status == DSNET_OK));
    CHECK(status == DSNET_OK || std::strstr(message, "out of memory") != nullptr);
    CHECK(is_mapped(filename) == (status == DSNET_OK) && free_descriptor() == descriptor);
    dsnet_model_close(model);
    return status;
  });
  CHECK(!is_mapped(filename));
}

void test_create(const test::Opened& opened) {
  for (const int32_t threads : {1, 4}) {
    expect_clean_failures([&](long granted, long refused) {
      dsnet_session* session = nullptr;
      const dsnet_status status = [&] {
        const test::Outage outage(granted, refused);
        return dsnet_session_create(opened.model, threads, nullptr, &session, nullptr, 0);
      }();
      CHECK((session != nullptr) == (status == DSNET_OK));
      dsnet_session_destroy(session);
      return status;
    });
  }
}

void test_no_threads(const test::Opened& opened) {
  pthread_attr_t usual, huge;  // beyond the address space
  CHECK(pthread_getattr_default_np(&usual) == 0 && pthread_attr_init(&huge) == 0);
  CHECK(pthread_attr_setstacksize(&huge, size_t{1} << 50) == 0 && pthread_setattr_default_np(&huge) == 0);
  dsnet_session* session = nullptr;
  CHECK(dsnet_session_create(opened.model, 3, nullptr, &session, nullptr, 0) == DSNET_ERROR_MEMORY && session == nullptr);
  CHECK(pthread_setattr_default_np(&usual) == 0);
  CHECK(dsnet_session_create(opened.model, 3, nullptr, &session, nullptr, 0) == DSNET_OK);
  dsnet_session_destroy(session);
}

void test_run(const test::Opened& opened) {
  std::vector<float> scores(static_cast<size_t>(opened.info.n_paths)), logits(static_cast<size_t>(opened.info.n_classes));
  for (const char* isa : test::kIsas) {
    for (const int32_t threads : {1, 3}) {
      const test::Session session = test::create(opened.model, threads, isa);
      if (session == nullptr) continue;  // not this processor's
      for (int32_t path = DSNET_PATH_AUTO; path < opened.info.n_paths; ++path) {
        int32_t taken = 0;
        const test::Outage outage(0);
        CHECK(dsnet_run(session.get(), opened.image.data(), path, logits.data(), &taken, scores.data(), nullptr) == DSNET_OK);
        CHECK(dsnet_prefix(session.get(), opened.image.data()) == DSNET_OK);
        CHECK(dsnet_gate(session.get(), scores.data()) == DSNET_OK);
        CHECK(dsnet_suffix(session.get(), taken, logits.data()) == DSNET_OK);
      }
    }
  }
}

}  // namespace

int main() {
  for (const char* precision : test::kPrecisions) {
    const test::TemporaryFile file;
    CHECK(file.write(test::TinyModel(precision, 49, 43).bytes()));
    test_open(file.name());
    const test::Opened opened(file.name());
    test_create(opened);
    test_no_threads(opened);
    test_run(opened);
  }
  return check::report("memory");
}
