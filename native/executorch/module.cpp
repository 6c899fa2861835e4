// `dsnet_edge._executorch`: ExecuTorch's C++ runtime on NumPy arrays, without torch. dsnet_edge/_executorch.pyi is its interface.
#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>
#include <executorch/runtime/platform/platform.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace executorch::extension::threadpool {

// As ExecuTorch declares it; the wheel has the library without this header.
class ThreadPool {
 public:
  size_t get_thread_count() const;
  bool _unsafe_reset_threadpool(uint32_t threads);  // NOLINT(readability-identifier-naming)
};
ThreadPool* get_threadpool();

}  // namespace executorch::extension::threadpool

namespace nb = nanobind;
using namespace nb::literals;
using executorch::aten::ScalarType;
using executorch::aten::Tensor;
using executorch::extension::TensorPtr;
using executorch::extension::module::Module;
using executorch::extension::threadpool::get_threadpool;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::MethodMeta;
using executorch::runtime::Program;
using executorch::runtime::Result;

namespace {

using View = nb::ndarray<nb::numpy>;
using ConstView = nb::ndarray<nb::numpy, nb::ro>;

// More than the activations of any image: a file that asks for more is damaged, and must not take all memory.
constexpr size_t kMostBytes = size_t{1} << 30;

thread_local std::string logged;  // the first complaint of ExecuTorch since the last `check`

void keep_complaint(et_timestamp_t, et_pal_log_level_t level, const char*, const char*, size_t, const char* message,
                    size_t length) {
  if ((level != kError && level != kFatal) || !logged.empty()) return;
  logged.assign(message, length);
  std::replace_if(logged.begin(), logged.end(), [](char c) { return c < ' ' || c > '~'; }, '?');  // it may quote the file
}

// In place of the process's end, where ExecuTorch finds only halfway that a file contradicts itself.
void give_up() { throw std::runtime_error(std::exchange(logged, {})); }

// Before every file and method, as torch's binding takes the complaints to itself when it is imported.
void listen() {
  using executorch::runtime::PalImpl;
  if (executorch::runtime::get_pal_impl()->emit_log_message != keep_complaint) {
    executorch::runtime::register_pal(
        PalImpl::create(nullptr, give_up, nullptr, nullptr, keep_complaint, nullptr, nullptr, "dsnet-edge"));
  }
  logged.clear();
}

void check(Error error) {
  const std::string complaint = std::exchange(logged, {});
  if (error != Error::Ok) throw std::runtime_error(complaint.empty() ? to_string(error) : complaint);
}

template <class T>
T checked(Result<T> result) {
  check(result.error());
  return std::move(*result);
}

void check_bytes(size_t bytes) {
  if (bytes > kMostBytes) throw std::runtime_error("asks for " + std::to_string(bytes) + " bytes of activations");
}

nb::dlpack::dtype dtype_of(ScalarType type) {
  switch (type) {
    case ScalarType::Float: return nb::dtype<float>();
    case ScalarType::Half: return {static_cast<uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    case ScalarType::Char: return nb::dtype<int8_t>();
    default:
      throw std::runtime_error("a tensor of scalar type " + std::to_string(static_cast<int>(type)) +
                               ", expected float32, float16 or int8");
  }
}

// The memory of a tensor as an array, which keeps `owner` alive.
template <class Array>
Array view(const Tensor& tensor, nb::handle owner) {
  const std::vector<size_t> shape(tensor.sizes().begin(), tensor.sizes().end());
  const std::vector<int64_t> strides(tensor.strides().begin(), tensor.strides().end());
  return Array(tensor.mutable_data_ptr(), shape.size(), shape.data(), owner, strides.data(), dtype_of(tensor.scalar_type()));
}

// A loaded method and the buffers that its inputs are copied to.
class Method {
 public:
  Method(std::shared_ptr<Module> module, std::string name) : module_(std::move(module)), name_(std::move(name)) {
    const nb::gil_scoped_release released;
    listen();
    const MethodMeta meta = checked(module_->method_meta(name_));
    for (size_t index = 0; index < meta.num_memory_planned_buffers(); ++index) {
      check_bytes(static_cast<size_t>(checked(meta.memory_planned_buffer_size(index))));
    }
    check(module_->load_method(name_));
    for (size_t index = 0; index < meta.num_inputs(); ++index) add_input(checked(meta.input_tensor_meta(index)));
  }

  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  nb::list inputs(nb::handle self) const {
    nb::list views;
    for (const TensorPtr& input : inputs_) views.append(view<View>(*input, self));
    return views;
  }

  nb::list outputs(nb::handle self) {
    nb::list views;
    for (const EValue& output : checked(module_->get_outputs(name_))) {
      if (!output.isTensor()) throw std::runtime_error("an output is not a tensor");
      if (output.toTensor().const_data_ptr() == nullptr) throw std::runtime_error("an output has no memory planned for it");
      views.append(view<ConstView>(output.toTensor(), self));
    }
    return views;
  }

  void set_inputs() {
    for (size_t index = 0; index < inputs_.size(); ++index) check(module_->set_input(name_, EValue(*inputs_[index]), index));
  }

  void execute() {
    const nb::gil_scoped_release released;
    checked(module_->execute(name_, std::vector<EValue>()));
  }

 private:
  struct Free {
    void operator()(void* data) const { std::free(data); }
  };

  void add_input(const executorch::runtime::TensorInfo& info) {
    check_bytes(info.nbytes());
    dtype_of(info.scalar_type());
    buffers_.emplace_back(std::calloc(std::max<size_t>(info.nbytes(), 1), 1));
    if (!buffers_.back()) throw std::bad_alloc();
    inputs_.push_back(executorch::extension::make_tensor_ptr({info.sizes().begin(), info.sizes().end()}, buffers_.back().get(),
                                                             {info.dim_order().begin(), info.dim_order().end()}, {},
                                                             info.scalar_type()));
  }

  std::shared_ptr<Module> module_;
  std::string name_;
  std::vector<std::unique_ptr<void, Free>> buffers_;
  std::vector<TensorPtr> inputs_;
};

class File {
 public:
  explicit File(const std::string& name) : module_(std::make_shared<Module>(name, Module::LoadMode::Mmap)) {
    listen();
    check(module_->load(Program::Verification::InternalConsistency));
  }

  nb::set method_names() {
    nb::set names;
    for (const std::string& name : checked(module_->method_names())) {
      names.add(nb::steal(PyUnicode_DecodeUTF8(name.data(), static_cast<Py_ssize_t>(name.size()), "replace")));
    }
    return names;
  }

  std::unique_ptr<Method> load(const std::string& method) { return std::make_unique<Method>(module_, method); }

 private:
  std::shared_ptr<Module> module_;
};

}  // namespace

NB_MODULE(_executorch, module) {
  listen();
  module.attr("version") = DSNET_EXECUTORCH_VERSION;
  module.def("threads", [] { return get_threadpool()->get_thread_count(); });
  module.def("set_threads", [](uint32_t threads) { get_threadpool()->_unsafe_reset_threadpool(threads); }, "threads"_a);

  nb::class_<Method>(module, "Method", "One method of a program; for one thread at a time.")
      .def_prop_ro("inputs", [](nb::handle_t<Method> self) { return nb::cast<Method&>(self).inputs(self); })
      .def_prop_ro("outputs", [](nb::handle_t<Method> self) { return nb::cast<Method&>(self).outputs(self); })
      .def("set_inputs", &Method::set_inputs)
      .def("execute", &Method::execute);

  nb::class_<File>(module, "Program", "A .pte file, mapped and verified.")
      .def(nb::init<const std::string&>(), "filename"_a)
      .def_prop_ro("method_names", &File::method_names)
      .def("load", &File::load, "method"_a, "Loads a method; XNNPACK packs a copy of its weights then.");
}
