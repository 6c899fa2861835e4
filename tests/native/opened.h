// An opened model with an image for it, and sessions that close themselves.
#pragma once

#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "check.h"
#include "dsnet.h"

namespace test {

inline constexpr const char* kIsas[] = {"scalar", "avx2", "avx512", "neon"};

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

struct Destroy {
  void operator()(dsnet_session* session) const { dsnet_session_destroy(session); }
};
using Session = std::unique_ptr<dsnet_session, Destroy>;

// Null if this processor lacks the instruction set.
inline Session create(const dsnet_model* model, int32_t threads, const char* isa = nullptr) {
  dsnet_session* session = nullptr;
  dsnet_session_create(model, threads, isa, &session, nullptr, 0);
  return Session(session);
}

}  // namespace test
