// The run state over a model: the activation arena, the threads, and how far the current image has come.
#pragma once

#include <memory>

#include "clock.h"
#include "cpu.h"
#include "model.h"
#include "pool.h"

namespace dsnet {

class Session {
 public:
  // The model must outlive the session. Threads and cores are the pool's.
  Session(const Model& model, int threads, const KernelSet& kernels, const std::vector<int>& cores = {});

  const Model& model() const { return model_; }
  const char* isa() const { return kernels_.name_for(model_.program.precision); }

  // From now on every op adds its milliseconds to op_ms[op]; null ends that. Quantising the image counts as the first op's.
  void time_ops(double* op_ms) { op_ms_ = op_ms; }

  // In this order, with a gate and a segment for each gate but the last; gate and suffix may run again on the same features.
  // False if called too early, or on a path that takes other choices than were made.
  void prefix(const float* image) noexcept;
  bool gate() noexcept;
  bool segment(int choice) noexcept;
  bool suffix(int path) noexcept;

  // The gate that has run, or is due, what it wrote, and what the suffix wrote, until the next image.
  int at_gate() const { return gate_; }
  const float* scores() const { return data(model_.program.scores[gate_]); }
  const float* logits() const { return data(model_.program.logits); }

 private:
  void run_segment(int segment, int path, const float* image) noexcept;
  [[gnu::noinline]] void run_timed(int segment, int path, const float* image) noexcept;
  [[gnu::always_inline]] inline void run(int o, int path, const float* image) noexcept;
  void run(const Op& op, const OpWeights& weights, int path, const float* image) noexcept;

  // On feature maps of float, Bf16 or Fp16.
  template <class Map>
  void run_float(const Op& op, const OpWeights& weights, int path, const float* image) noexcept;
  template <class Map>
  void pointwise(const Op& op, const OpWeights& weights, int path) noexcept;
  template <class In, class Map, class Kernel>
  void conv2d(const Op& op, const OpWeights& weights, int path, const In* input, const Window& window, Kernel kernel) noexcept;
  template <class Map>
  void depthwise(const Op& op, const OpWeights& weights, int path) noexcept;
  template <class Map>
  void global_pool(const Op& op, int path) noexcept;
  template <class Map>
  void multiply(const Op& op, int path) noexcept;
  template <class Map>
  void add(const Op& op, int path) noexcept;
  template <class Map>
  void max_pool(const Op& op, int path) noexcept;
  template <class Map>
  void group_norm(const Op& op, const OpWeights& weights, int path) noexcept;
  template <class Map>
  void conv2d_of_map(const Op& op, const OpWeights& weights, int path) noexcept;
  template <class Map>
  void pad(const Op& op, int path, Map* to) const noexcept;
  void linear(const Op& op, const OpWeights& weights, int path) noexcept;
  template <class Weight, class Kernel>
  void linear_of(const Op& op, const OpWeights& weights, int path, Kernel kernel) noexcept;

  // The same on feature maps of integers (session_int8.cpp).
  void quantize(const float* image) noexcept;
  void run_int8(const Op& op, const OpWeights& weights, int path) noexcept;
  void pointwise_int8(const Op& op, const OpWeights& weights, int path) noexcept;
  void conv2d_int8(const Op& op, const OpWeights& weights, int path) noexcept;
  void depthwise_int8(const Op& op, const OpWeights& weights, int path) noexcept;
  void global_pool_int8(const Op& op, int path) noexcept;
  void multiply_int8(const Op& op, int path) noexcept;
  void add_int8(const Op& op, int path) noexcept;
  void max_pool_int8(const Op& op, int path) noexcept;
  void group_norm_int8(const Op& op, const OpWeights& weights, int path) noexcept;
  Int8Pointwise int8_pointwise(const Op& op, const OpWeights& weights, int path) const noexcept;
  Range int8_bounds(const Op& op, int path) const noexcept;
  Int8Epilogue int8_epilogue(const Op& op, const OpWeights& weights, int path) const noexcept;

  // What pointwise and linear have in common.
  template <class Map>
  GemmOf<Map> gemm(const Op& op, const OpWeights& weights, int path) const noexcept;

  template <class Map>
  const auto& kernels() const;

  template <class T = float>
  T* data(int value) const {
    return reinterpret_cast<T*>(arena_.get() + model_.layout.offsets[value]);
  }
  // Where a depthwise op leaves the sums of its rows and the pool behind it finds them; null if the pool reads the map.
  float* row_sums(const Op& op) const {
    const size_t offset = model_.layout.row_sums[static_cast<size_t>(&op - model_.program.ops.data())];
    return offset == Layout::kNone ? nullptr : reinterpret_cast<float*>(arena_.get() + offset);
  }
  ptrdiff_t stride(int value, int path) const { return padded(model_.program.channels(value, path)); }

  // The weights of an op in another strategy than slicing.
  const OpWeights& adapted(int op, int path) noexcept;

  struct Free {
    void operator()(uint8_t* data) const;
  };

  const Model& model_;
  const KernelSet kernels_;
  std::unique_ptr<uint8_t[], Free> arena_;
  std::unique_ptr<uint8_t[], Free> scratch_;  // of indexing
  OpWeights adapted_;
  Pool pool_;
  double* op_ms_ = nullptr;
  Clock clock_;
  enum class Done { nothing, segment, gate } done_ = Done::nothing;
  int gate_ = 0, path_ = 0;  // the first path that has made the choices so far
};

}  // namespace dsnet
