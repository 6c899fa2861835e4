#include "engine.h"

#include <sched.h>

#include <stdexcept>

namespace dsnet::cli {
namespace {

void stay_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::runtime_error("core " + std::to_string(core) + ": this thread cannot be pinned to it");
  }
}

}  // namespace

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

Session create_session(const dsnet_model* model, int threads, const std::vector<int>& cores, const std::string& isa) {
  char message[1024];
  dsnet_session* session = nullptr;
  const char* name = isa.empty() ? nullptr : isa.c_str();
  const auto n_cores = static_cast<int32_t>(cores.size());
  const dsnet_status status =
      cores.empty() ? dsnet_session_create(model, threads, name, &session, message, sizeof message)
                    : dsnet_session_create_on(model, cores.data(), n_cores, name, &session, message, sizeof message);
  if (status != DSNET_OK) throw std::runtime_error(message);
  Session owned(session);
  if (!cores.empty()) stay_on(cores.front());
  return owned;
}

Result result_of(const dsnet_model_info& info) {
  Result result;
  result.scores.resize(static_cast<size_t>(info.n_scores));
  result.logits.resize(static_cast<size_t>(info.n_classes));
  return result;
}

void run(dsnet_session* session, const float* image, int path, Result& result) {
  if (dsnet_run(session, image, path, result.logits.data(), &result.taken, result.scores.data(), &result.timing) != DSNET_OK) {
    throw std::runtime_error("path " + std::to_string(path) + ": refused by the runtime");
  }
}

}  // namespace dsnet::cli
