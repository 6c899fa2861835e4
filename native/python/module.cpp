// `dsnet_edge._native`: the C ABI as two Python classes. dsnet_edge/_native.pyi is its interface.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "dsnet.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Image = nb::ndarray<const float, nb::numpy, nb::shape<-1, -1, 3>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<float, nb::numpy, nb::shape<-1>>;

constexpr size_t kMessageBytes = 1024;

struct Error {
  dsnet_status status;
  std::string message;
};

void check(dsnet_status status, const char* message) {
  if (status != DSNET_OK) throw Error{status, message};
}

class Model {
 public:
  Model(const std::string& filename, const std::string& strategy) {
    char message[kMessageBytes];
    dsnet_model* opened;
    const dsnet_status status = [&] {
      const nb::gil_scoped_release released;
      return dsnet_model_open_as(filename.c_str(), strategy.c_str(), &opened, message, sizeof message);
    }();
    check(status, message);
    handle_.reset(opened);
    info_ = dsnet_model_get_info(opened);
  }

  const dsnet_model* handle() const { return handle_.get(); }
  const dsnet_model_info& info() const { return info_; }

  void check_panels() const {
    char message[kMessageBytes];
    const dsnet_status status = [&] {
      const nb::gil_scoped_release released;
      return dsnet_model_check(handle(), message, sizeof message);
    }();
    check(status, message);
  }

  std::tuple<uintptr_t, size_t> op_weights(int32_t op, int32_t path) const {
    const void* begin;
    size_t bytes;
    check(dsnet_model_op_weights(handle(), op, path, &begin, &bytes), "op or path out of range");
    return {reinterpret_cast<uintptr_t>(begin), bytes};
  }

  // Name, kind, segment, multiply-adds, bytes.
  using Op = std::tuple<std::string, std::string, std::string, int64_t, int64_t>;

  std::vector<Op> ops(int32_t path) const {
    std::vector<Op> all;
    for (int32_t op = 0; op < dsnet_model_op_count(handle()); ++op) {
      dsnet_op_info info;
      check(dsnet_model_op_info(handle(), op, path, &info), "path out of range");
      all.emplace_back(info.name, info.kind, info.segment, info.madds, info.bytes);
    }
    return all;
  }

 private:
  struct Close {
    void operator()(dsnet_model* model) const { dsnet_model_close(model); }
  };
  std::unique_ptr<dsnet_model, Close> handle_;
  dsnet_model_info info_;
};

class Session {
 public:
  Session(const Model& model, int32_t threads, const std::optional<std::string>& isa, const std::vector<int32_t>& cores)
      : info_(model.info()) {
    char message[kMessageBytes];
    dsnet_session* created;
    const char* name = isa ? isa->c_str() : nullptr;
    check(cores.empty() ? dsnet_session_create(model.handle(), threads, name, &created, message, sizeof message)
                        : dsnet_session_create_on(model.handle(), cores.data(), static_cast<int32_t>(cores.size()), name,
                                                  &created, message, sizeof message),
          message);
    handle_.reset(created);
    n_ops_ = dsnet_model_op_count(model.handle());
    for (int32_t gate = 0; gate < info_.n_gates; ++gate) n_choices_.push_back(dsnet_model_gate_choices(model.handle(), gate));
  }

  std::string isa() const { return dsnet_session_isa(handle_.get()); }

  void prefix(const Image& image) {
    check_size(image);
    gate_ = 0;
    const nb::gil_scoped_release released;
    dsnet_prefix(handle_.get(), image.data());
  }

  Vector gate() {
    Buffer scores(n_choices_.empty() ? 0 : n_choices_[gate_]);
    check(released([&] { return dsnet_gate(handle_.get(), scores.data()); }), "gate() needs prefix() first");
    return scores.release();
  }

  void segment(int32_t choice) {
    check(released([&] { return dsnet_segment(handle_.get(), choice); }),
          "segment() needs a choice of the gate that has just run, which is not the last");
    ++gate_;
  }

  Vector suffix(int32_t path) {
    check_path(path);
    Buffer logits(info_.n_classes);
    check(released([&] { return dsnet_suffix(handle_.get(), path, logits.data()); }),
          "suffix() needs every gate() first, and a path that makes the choices they were given");
    return logits.release();
  }

  std::tuple<Vector, int32_t, Vector, std::tuple<double, double, double>> run(const Image& image, int32_t path) {
    check_size(image);
    if (path != DSNET_PATH_AUTO) check_path(path);
    gate_ = 0;
    Buffer logits(info_.n_classes), scores(info_.n_scores);
    int32_t taken = 0;
    dsnet_timing timing = {};
    check(released([&] { return dsnet_run(handle_.get(), image.data(), path, logits.data(), &taken, scores.data(), &timing); }),
          "invalid argument");
    return {logits.release(), taken, scores.release(), {timing.prefix_ms, timing.gate_ms, timing.suffix_ms}};
  }

  std::vector<double> op_times(const Image& image, int32_t path) {
    std::vector<double> op_ms(static_cast<size_t>(n_ops_), 0.0);
    check(dsnet_session_time_ops(handle_.get(), op_ms.data(), n_ops_), "invalid argument");
    const std::unique_ptr<dsnet_session, StopTiming> timed(handle_.get());
    run(image, path);
    return op_ms;
  }

 private:
  // Floats that become a NumPy array once they are written.
  class Buffer {
   public:
    explicit Buffer(int32_t size) : size_(static_cast<size_t>(size)), data_(new float[size_]) {}
    float* data() { return data_.get(); }
    Vector release() {
      float* data = data_.release();
      const nb::capsule owner(data, [](void* owned) noexcept { delete[] static_cast<float*>(owned); });
      return Vector(data, {size_}, owner);
    }

   private:
    size_t size_;
    std::unique_ptr<float[]> data_;
  };

  template <class Call>
  static dsnet_status released(const Call& call) {
    const nb::gil_scoped_release guard;
    return call();
  }

  void check_size(const Image& image) const {
    if (image.shape(0) == static_cast<size_t>(info_.height) && image.shape(1) == static_cast<size_t>(info_.width)) return;
    throw Error{DSNET_ERROR_ARGUMENT, "image: expected shape (" + std::to_string(info_.height) + ", " +
                                          std::to_string(info_.width) + ", 3), found (" + std::to_string(image.shape(0)) + ", " +
                                          std::to_string(image.shape(1)) + ", 3)"};
  }

  void check_path(int32_t path) const {
    if (path >= 0 && path < info_.n_paths) return;
    throw Error{DSNET_ERROR_ARGUMENT,
                "path: expected 0 to " + std::to_string(info_.n_paths - 1) + ", found " + std::to_string(path)};
  }

  struct Destroy {
    void operator()(dsnet_session* session) const { dsnet_session_destroy(session); }
  };
  struct StopTiming {
    void operator()(dsnet_session* session) const { dsnet_session_time_ops(session, nullptr, 0); }
  };
  dsnet_model_info info_;
  int32_t n_ops_ = 0;
  std::vector<int32_t> n_choices_;  // of each gate
  size_t gate_ = 0;                 // which is due, or has run
  std::unique_ptr<dsnet_session, Destroy> handle_;
};

}  // namespace

NB_MODULE(_native, module) {
  // A RuntimeError that carries the status; the module keeps the class alive for the translator.
  nb::object error = nb::steal(PyErr_NewException("dsnet_edge._native.Error", PyExc_RuntimeError, nullptr));
  module.attr("Error") = error;
  nb::register_exception_translator(
      [](const std::exception_ptr& thrown, void* type) {
        try {
          std::rethrow_exception(thrown);
        } catch (const Error& failure) {
          nb::object raised = nb::borrow(static_cast<PyObject*>(type))(failure.message);
          raised.attr("status") = static_cast<int>(failure.status);
          PyErr_SetObject(static_cast<PyObject*>(type), raised.ptr());
        }
      },
      error.ptr());

  module.def(
      "big_cores",
      [] {
        std::vector<int32_t> cores(static_cast<size_t>(dsnet_big_cores(nullptr, 0)));
        cores.resize(static_cast<size_t>(
            std::min(dsnet_big_cores(cores.data(), static_cast<int32_t>(cores.size())), static_cast<int32_t>(cores.size()))));
        return cores;
      },
      "The big cores this thread may use, fastest first.");

  module.def(
      "measure_peaks",
      [](const std::string& precision, const std::optional<std::string>& isa) {
        char message[kMessageBytes];
        dsnet_peaks peaks;
        const dsnet_status status = [&] {
          const nb::gil_scoped_release released;
          return dsnet_measure_peaks(isa ? isa->c_str() : nullptr, precision.c_str(), &peaks, message, sizeof message);
        }();
        check(status, message);
        return std::make_tuple(peaks.gmadds_per_s, peaks.read_gb_per_s);
      },
      "precision"_a, "isa"_a = nb::none(), "Of one core: 10^9 multiply-adds a second, and 10^9 bytes read a second.");

  nb::class_<Model>(module, "Model", "A model.dsnet file, mapped and validated.")
      .def(nb::init<const std::string&, const std::string&>(), "filename"_a, "strategy"_a = "slicing")
      .def_prop_ro("name", [](const Model& model) { return model.info().name; })
      .def_prop_ro("n_paths", [](const Model& model) { return model.info().n_paths; })
      .def_prop_ro("n_gates", [](const Model& model) { return model.info().n_gates; })
      .def_prop_ro("n_classes", [](const Model& model) { return model.info().n_classes; })
      .def_prop_ro("height", [](const Model& model) { return model.info().height; })
      .def_prop_ro("width", [](const Model& model) { return model.info().width; })
      .def_prop_ro("arena_address", [](const Model& model) { return reinterpret_cast<uintptr_t>(model.info().arena); })
      .def_prop_ro("arena_bytes", [](const Model& model) { return model.info().arena_bytes; })
      .def_prop_ro("activation_bytes", [](const Model& model) { return model.info().activation_bytes; })
      .def_prop_ro("op_count", [](const Model& model) { return dsnet_model_op_count(model.handle()); })
      .def("check", &Model::check_panels, "Validates the values of the weight panels, which opening leaves unread.")
      .def("op_weights", &Model::op_weights, "op"_a, "path"_a, "Address and extent of what a path reads of an op's weights.")
      .def("ops", &Model::ops, "path"_a, "Name, kind, segment, multiply-adds and bytes of every op on a path.");

  nb::class_<Session>(module, "Session", "Activations and threads to run a model; for one thread at a time.")
      .def(nb::init<const Model&, int32_t, const std::optional<std::string>&, const std::vector<int32_t>&>(), "model"_a,
           "threads"_a = 1, "isa"_a = nb::none(), "cores"_a = std::vector<int32_t>(), nb::keep_alive<1, 2>())
      .def_prop_ro("isa", &Session::isa)
      .def("prefix", &Session::prefix, "image"_a, "Runs the prefix on a normalised float32 image [height, width, 3].")
      .def("gate", &Session::gate, "The scores of the gate that is due, one a choice.")
      .def("segment", &Session::segment, "choice"_a, "Goes on by a choice of the gate that has run, up to the next gate.")
      .def("suffix", &Session::suffix, "path"_a, "The logits of one path.")
      .def("run", &Session::run, "image"_a, "path"_a = DSNET_PATH_AUTO,
           "All of them: logits, the path taken, scores, and (prefix_ms, gate_ms, suffix_ms).")
      .def("op_times", &Session::op_times, "image"_a, "path"_a, "The milliseconds of every op in one run.");
}
