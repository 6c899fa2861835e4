// The C ABI with owners and exceptions in place of handles and statuses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnet.h"

namespace dsnet::cli {

struct Close {
  void operator()(dsnet_model* model) const { dsnet_model_close(model); }
  void operator()(dsnet_session* session) const { dsnet_session_destroy(session); }
};
using Model = std::unique_ptr<dsnet_model, Close>;
using Session = std::unique_ptr<dsnet_session, Close>;

// These throw std::runtime_error with the runtime's own message.
Model open_model(const std::string& filename);
void check_model(const dsnet_model* model);

// With cores there is one thread on each, and the calling one stays on the first from now on.
Session create_session(const dsnet_model* model, int threads, const std::vector<int>& cores, const std::string& isa);

struct Result {
  std::vector<float> scores, logits;
  int taken = 0;
  dsnet_timing timing = {};
};

// Room for the results of a model.
Result result_of(const dsnet_model_info& info);

void run(dsnet_session* session, const float* image, int path, Result& result);

}  // namespace dsnet::cli
