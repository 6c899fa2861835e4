// The C ABI over the runtime: checks arguments, and turns failures into a status and a message.
#include "dsnet.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include "clock.h"
#include "costs.h"
#include "cpu.h"
#include "error.h"
#include "model.h"
#include "peaks.h"
#include "session.h"
#include "topology.h"

struct dsnet_model {
  dsnet::Model model;
};

struct dsnet_session {
  dsnet::Session session;
};

namespace {

constexpr int32_t kMostThreads = 256;

template <class Body>
dsnet_status guarded(char* message, size_t message_bytes, const char* subject, const Body& body) noexcept {
  const auto report = [&](dsnet_status status, const char* cause) {
    if (message != nullptr && message_bytes > 0) {
      std::snprintf(message, message_bytes, "%s%s%s", subject, *subject != 0 ? ": " : "", cause);
    }
    return status;
  };
  try {
    body();
    return report(DSNET_OK, "ok");
  } catch (const dsnet::Failure& failure) {
    return report(failure.status, failure.message.c_str());
  } catch (const std::bad_alloc&) {
    return report(DSNET_ERROR_MEMORY, "out of memory");
  } catch (const std::exception& error) {  // the standard library could not start a thread
    return report(DSNET_ERROR_MEMORY, error.what());
  }
}

// Each may be used, and only once.
void check_cores(const std::vector<int>& cores) {
  const std::vector<int> allowed = dsnet::allowed_cores();
  for (size_t i = 0; i < cores.size(); ++i) {
    if (std::find(allowed.begin(), allowed.end(), cores[i]) == allowed.end()) {
      std::string list;
      for (const int core : allowed) list += (list.empty() ? "" : ", ") + std::to_string(core);
      dsnet::fail(DSNET_ERROR_ARGUMENT, "cores: expected some of those that this process may use, %s; found %d", list.c_str(),
                  cores[i]);
    }
    if (std::find(cores.begin(), cores.begin() + static_cast<ptrdiff_t>(i), cores[i]) !=
        cores.begin() + static_cast<ptrdiff_t>(i)) {
      dsnet::fail(DSNET_ERROR_ARGUMENT, "cores: expected each once, found %d twice", cores[i]);
    }
  }
}

dsnet_session* new_session(const dsnet_model& model, int32_t threads, const std::vector<int>& cores, const char* isa) {
  return new dsnet_session{dsnet::Session(model.model, threads, dsnet::select_kernels(isa), cores)};
}

bool is_path(const dsnet::Program& program, int32_t path) { return path >= 0 && path < program.n_paths; }

dsnet::Precision precision_of(const char* name) {
  for (const dsnet::Precision precision : dsnet::kPrecisions) {
    if (std::strcmp(name, dsnet::name_of(precision)) == 0) return precision;
  }
  dsnet::fail(DSNET_ERROR_ARGUMENT, "precision: expected fp32, int8, bf16 or fp16, found %s", dsnet::quoted(name).c_str());
}

int32_t argmax(const float* scores, int32_t n) {
  int32_t best = 0;
  for (int32_t i = 1; i < n; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

// Behind them.
float* copy_scores(const dsnet::Session& run, float* to) {
  const dsnet::Program& program = run.model().program;
  if (program.n_gates() == 0) return to;
  return std::copy_n(run.scores(), program.n_choices[static_cast<size_t>(run.at_gate())], to);
}

}  // namespace

extern "C" {

dsnet_status dsnet_model_open(const char* filename, dsnet_model** model, char* message, size_t message_bytes) {
  return dsnet_model_open_as(filename, nullptr, model, message, message_bytes);
}

dsnet_status dsnet_model_open_as(const char* filename, const char* strategy, dsnet_model** model, char* message,
                                 size_t message_bytes) {
  if (model != nullptr) *model = nullptr;
  return guarded(message, message_bytes, filename != nullptr ? filename : "", [&] {
    if (filename == nullptr || model == nullptr) dsnet::fail(DSNET_ERROR_ARGUMENT, "filename and model must not be null");
    *model = new dsnet_model{dsnet::Model(filename, dsnet::strategy_of(strategy))};
  });
}

dsnet_status dsnet_model_check(const dsnet_model* handle, char* message, size_t message_bytes) {
  return guarded(message, message_bytes, handle != nullptr ? handle->model.filename.c_str() : "", [&] {
    if (handle == nullptr) dsnet::fail(DSNET_ERROR_ARGUMENT, "model must not be null");
    handle->model.check();
  });
}

void dsnet_model_close(dsnet_model* model) { delete model; }

dsnet_model_info dsnet_model_get_info(const dsnet_model* handle) {
  if (handle == nullptr) return {};
  const dsnet::Model& model = handle->model;
  const dsnet::Value& image = model.program.values[model.program.input];
  const int32_t n_scores = std::accumulate(model.program.scores.begin(), model.program.scores.end(), 0,
                                           [&](int sum, int value) { return sum + model.program.channels(value, 0); });
  return {model.program.name.c_str(),
          dsnet::name_of(model.program.precision),
          model.program.n_paths,
          model.program.n_classes(),
          image.h,
          image.w,
          model.arena,
          model.arena_bytes,
          model.layout.bytes,
          model.program.n_gates(),
          n_scores};
}

int32_t dsnet_model_gate_choices(const dsnet_model* handle, int32_t gate) {
  if (handle == nullptr || gate < 0 || gate >= handle->model.program.n_gates()) return 0;
  return handle->model.program.n_choices[static_cast<size_t>(gate)];
}

int32_t dsnet_model_op_count(const dsnet_model* model) {
  return model != nullptr ? static_cast<int32_t>(model->model.program.ops.size()) : 0;
}

dsnet_status dsnet_model_op_weights(const dsnet_model* handle, int32_t op, int32_t path, const void** begin, size_t* bytes) {
  if (handle == nullptr || begin == nullptr || bytes == nullptr) return DSNET_ERROR_ARGUMENT;
  const dsnet::Model& model = handle->model;
  if (op < 0 || op >= dsnet_model_op_count(handle) || !is_path(model.program, path)) return DSNET_ERROR_ARGUMENT;
  const dsnet::Bytes read = dsnet::weights_read(model.program, model.weights, op, path);
  *begin = read.begin;
  *bytes = read.count;
  return DSNET_OK;
}

dsnet_status dsnet_model_op_info(const dsnet_model* handle, int32_t o, int32_t path, dsnet_op_info* info) {
  if (handle == nullptr || info == nullptr) return DSNET_ERROR_ARGUMENT;
  const dsnet::Program& program = handle->model.program;
  if (o < 0 || o >= dsnet_model_op_count(handle) || !is_path(program, path)) return DSNET_ERROR_ARGUMENT;
  const dsnet::Op& op = program.ops[static_cast<size_t>(o)];
  const dsnet::Cost cost = dsnet::cost_of(program, handle->model.weights, o, path);
  *info = {op.name.c_str(), dsnet::name_of(op.kind), program.segment_names[static_cast<size_t>(op.segment)].c_str(), cost.madds,
           cost.bytes};
  return DSNET_OK;
}

dsnet_status dsnet_session_create(const dsnet_model* model, int32_t threads, const char* isa, dsnet_session** session,
                                  char* message, size_t message_bytes) {
  if (session != nullptr) *session = nullptr;
  return guarded(message, message_bytes, "", [&] {
    if (model == nullptr || session == nullptr) dsnet::fail(DSNET_ERROR_ARGUMENT, "model and session must not be null");
    if (threads < 1 || threads > kMostThreads) {
      dsnet::fail(DSNET_ERROR_ARGUMENT, "threads: expected 1 to %d, found %d", kMostThreads, threads);
    }
    *session = new_session(*model, threads, {}, isa);
  });
}

dsnet_status dsnet_session_create_on(const dsnet_model* model, const int32_t* cores, int32_t n_cores, const char* isa,
                                     dsnet_session** session, char* message, size_t message_bytes) {
  if (session != nullptr) *session = nullptr;
  return guarded(message, message_bytes, "", [&] {
    if (model == nullptr || session == nullptr || cores == nullptr) {
      dsnet::fail(DSNET_ERROR_ARGUMENT, "model, cores and session must not be null");
    }
    if (n_cores < 1 || n_cores > kMostThreads) {
      dsnet::fail(DSNET_ERROR_ARGUMENT, "cores: expected 1 to %d of them, found %d", kMostThreads, n_cores);
    }
    const std::vector<int> list(cores, cores + n_cores);
    check_cores(list);
    *session = new_session(*model, n_cores, list, isa);
  });
}

int32_t dsnet_big_cores(int32_t* cores, int32_t room) {
  int32_t count = 0;
  guarded(nullptr, 0, "", [&] {
    const std::vector<int> big = dsnet::big_cores(dsnet::allowed_cores());
    count = static_cast<int32_t>(big.size());
    if (cores != nullptr) std::copy_n(big.begin(), std::clamp(room, 0, count), cores);
  });
  return count;
}

dsnet_status dsnet_measure_peaks(const char* isa, const char* precision, dsnet_peaks* peaks, char* message,
                                 size_t message_bytes) {
  return guarded(message, message_bytes, "", [&] {
    if (precision == nullptr || peaks == nullptr) dsnet::fail(DSNET_ERROR_ARGUMENT, "precision and peaks must not be null");
    const dsnet::Peaks found = dsnet::measure_peaks(dsnet::select_kernels(isa), precision_of(precision));
    *peaks = {found.madds_per_s / 1e9, found.bytes_per_s / 1e9};
  });
}

void dsnet_session_destroy(dsnet_session* session) { delete session; }

const char* dsnet_session_isa(const dsnet_session* session) { return session != nullptr ? session->session.isa() : nullptr; }

dsnet_status dsnet_session_time_ops(dsnet_session* session, double* op_ms, int32_t n_ops) {
  if (session == nullptr) return DSNET_ERROR_ARGUMENT;
  const size_t expected = session->session.model().program.ops.size();
  if (op_ms != nullptr && (n_ops < 0 || static_cast<size_t>(n_ops) != expected)) return DSNET_ERROR_ARGUMENT;
  session->session.time_ops(op_ms);
  return DSNET_OK;
}

dsnet_status dsnet_prefix(dsnet_session* session, const float* image) {
  if (session == nullptr || image == nullptr) return DSNET_ERROR_ARGUMENT;
  session->session.prefix(image);
  return DSNET_OK;
}

dsnet_status dsnet_gate(dsnet_session* session, float* scores) {
  if (session == nullptr || scores == nullptr) return DSNET_ERROR_ARGUMENT;
  dsnet::Session& run = session->session;
  if (!run.gate()) return DSNET_ERROR_ARGUMENT;
  copy_scores(run, scores);
  return DSNET_OK;
}

dsnet_status dsnet_segment(dsnet_session* session, int32_t choice) {
  if (session == nullptr) return DSNET_ERROR_ARGUMENT;
  dsnet::Session& run = session->session;
  const dsnet::Program& program = run.model().program;
  const auto gate = static_cast<size_t>(run.at_gate());
  if (choice < 0 || choice >= program.n_choices[gate] || !run.segment(choice)) return DSNET_ERROR_ARGUMENT;
  return DSNET_OK;
}

dsnet_status dsnet_suffix(dsnet_session* session, int32_t path, float* logits) {
  if (session == nullptr || logits == nullptr) return DSNET_ERROR_ARGUMENT;
  dsnet::Session& run = session->session;
  if (!is_path(run.model().program, path) || !run.suffix(path)) return DSNET_ERROR_ARGUMENT;
  std::copy_n(run.logits(), run.model().program.n_classes(), logits);
  return DSNET_OK;
}

dsnet_status dsnet_run(dsnet_session* session, const float* image, int32_t path, float* logits, int32_t* taken, float* scores,
                       dsnet_timing* timing) {
  if (session == nullptr || image == nullptr || logits == nullptr || taken == nullptr) return DSNET_ERROR_ARGUMENT;
  dsnet::Session& run = session->session;
  const dsnet::Program& program = run.model().program;
  if (path != DSNET_PATH_AUTO && !is_path(program, path)) return DSNET_ERROR_ARGUMENT;
  dsnet_timing spent = {};
  dsnet::Clock clock;
  run.prefix(image);
  spent.prefix_ms = clock.lap_ms();
  *taken = path != DSNET_PATH_AUTO ? path : program.n_gates() == 0 ? program.widest() : 0;
  for (int32_t gate = 0; gate < program.n_gates(); ++gate) {
    const auto g = static_cast<size_t>(gate);
    run.gate();
    const int32_t step = program.path_step(g);
    const int32_t choice =
        path == DSNET_PATH_AUTO ? argmax(run.scores(), program.n_choices[g]) : path / step % program.n_choices[g];
    if (path == DSNET_PATH_AUTO) *taken += choice * step;
    if (scores != nullptr) scores = copy_scores(run, scores);
    spent.gate_ms += clock.lap_ms();
    if (gate + 1 < program.n_gates()) run.segment(choice);
    spent.suffix_ms += clock.lap_ms();
  }
  run.suffix(*taken);
  spent.suffix_ms += clock.lap_ms();
  std::copy_n(run.logits(), program.n_classes(), logits);
  if (timing != nullptr) *timing = spent;
  return DSNET_OK;
}

}  // extern "C"
