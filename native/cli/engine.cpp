#include "engine.h"

#include <stdexcept>

namespace dsnet::cli {

Model open_model(const std::string& filename) {
  char message[1024];
  dsnet_model* model = nullptr;
  if (dsnet_model_open(filename.c_str(), &model, message, sizeof message) != DSNET_OK) throw std::runtime_error(message);
  return Model(model);
}

void check_model(const dsnet_model* model) {
  char message[1024];
  if (dsnet_model_check(model, message, sizeof message) != DSNET_OK) throw std::runtime_error(message);
}

Session create_session(const dsnet_model* model, int threads, const std::string& isa) {
  char message[1024];
  dsnet_session* session = nullptr;
  const char* name = isa.empty() ? nullptr : isa.c_str();
  if (dsnet_session_create(model, threads, name, &session, message, sizeof message) != DSNET_OK) {
    throw std::runtime_error(message);
  }
  return Session(session);
}

Result result_of(const dsnet_model_info& info) {
  Result result;
  result.scores.resize(static_cast<size_t>(info.n_paths));
  result.logits.resize(static_cast<size_t>(info.n_classes));
  return result;
}

void run(dsnet_session* session, const float* image, int path, Result& result) {
  if (dsnet_run(session, image, path, result.logits.data(), &result.taken, result.scores.data(), &result.timing) != DSNET_OK) {
    throw std::runtime_error("path " + std::to_string(path) + ": refused by the runtime");
  }
}

}  // namespace dsnet::cli
