// The native half of the classes in ../java: ExecuTorch's C++ Module, called as the JNI layer of its Android library calls it. A
// tensor is passed with its sizes alone, as a contiguous one, and comes back as its bytes and sizes.
#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>
#include <jni.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace executorch::extension::threadpool {

// As ExecuTorch declares it; the wheel has the library without this header.
class ThreadPool {
 public:
  bool _unsafe_reset_threadpool(uint32_t threads);  // NOLINT(readability-identifier-naming)
};
ThreadPool* get_threadpool();

}  // namespace executorch::extension::threadpool

using executorch::aten::ScalarType;
using executorch::aten::SizesType;
using executorch::aten::Tensor;
using executorch::extension::TensorPtr;
using executorch::extension::module::Module;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::Result;

namespace {

void check(Error error, const std::string& what) {
  if (error != Error::Ok) throw std::runtime_error(what + ": " + executorch::runtime::to_string(error));
}

template <class T>
T checked(Result<T> result, const std::string& what) {
  check(result.error(), what);
  return std::move(*result);
}

// Calls, and has what it throws thrown in Java. A pending exception of Java's is left as it is.
template <class Function>
auto guarded(JNIEnv* env, Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& error) {
    if (env->ExceptionCheck() == JNI_FALSE) env->ThrowNew(env->FindClass("java/lang/RuntimeException"), error.what());
    return decltype(function())();
  }
}

Module& module_of(jlong handle) { return *reinterpret_cast<Module*>(handle); }  // NOLINT(performance-no-int-to-ptr)

std::string string_of(JNIEnv* env, jstring text) {
  const char* chars = env->GetStringUTFChars(text, nullptr);
  std::string copy(chars);
  env->ReleaseStringUTFChars(text, chars);
  return copy;
}

jobjectArray strings(JNIEnv* env, const std::vector<std::string>& texts) {
  jobjectArray array = env->NewObjectArray(static_cast<jsize>(texts.size()), env->FindClass("java/lang/String"), nullptr);
  for (size_t i = 0; i < texts.size(); ++i) {
    env->SetObjectArrayElement(array, static_cast<jsize>(i), env->NewStringUTF(texts[i].c_str()));
  }
  return array;
}

TensorPtr from_java(JNIEnv* env, jobject tensor) {
  jclass type = env->GetObjectClass(tensor);
  jobject buffer = env->GetObjectField(tensor, env->GetFieldID(type, "data", "Ljava/nio/Buffer;"));
  auto* shape = static_cast<jlongArray>(env->GetObjectField(tensor, env->GetFieldID(type, "shape", "[J")));
  std::vector<jlong> sizes(static_cast<size_t>(env->GetArrayLength(shape)));
  env->GetLongArrayRegion(shape, 0, static_cast<jsize>(sizes.size()), sizes.data());
  const jint scalar = env->GetIntField(tensor, env->GetFieldID(type, "type", "I"));
  return executorch::extension::from_blob(env->GetDirectBufferAddress(buffer), std::vector<SizesType>(sizes.begin(), sizes.end()),
                                          static_cast<ScalarType>(scalar));
}

jobject to_java(JNIEnv* env, const Tensor& tensor) {
  const std::vector<jlong> sizes(tensor.sizes().begin(), tensor.sizes().end());
  jlongArray shape = env->NewLongArray(static_cast<jsize>(sizes.size()));
  env->SetLongArrayRegion(shape, 0, static_cast<jsize>(sizes.size()), sizes.data());
  jobject data = env->NewDirectByteBuffer(tensor.mutable_data_ptr(), static_cast<jlong>(tensor.nbytes()));
  jclass type = env->FindClass("org/pytorch/executorch/Tensor");
  jmethodID of = env->GetStaticMethodID(type, "of", "(Ljava/nio/ByteBuffer;[JI)Lorg/pytorch/executorch/Tensor;");
  jobject made = env->CallStaticObjectMethod(type, of, data, shape, static_cast<jint>(tensor.scalar_type()));
  if (env->ExceptionCheck() == JNI_TRUE) throw std::runtime_error("Java refused a tensor");
  return made;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): Java says what they are called.
extern "C" {

JNIEXPORT jlong JNICALL Java_org_pytorch_executorch_Module_open(JNIEnv* env, jclass, jstring path, jint threads) {
  executorch::extension::threadpool::get_threadpool()->_unsafe_reset_threadpool(static_cast<uint32_t>(threads));
  return reinterpret_cast<jlong>(new Module(string_of(env, path), Module::LoadMode::Mmap));
}

JNIEXPORT void JNICALL Java_org_pytorch_executorch_Module_close(JNIEnv*, jclass, jlong handle) { delete &module_of(handle); }

JNIEXPORT jobjectArray JNICALL Java_org_pytorch_executorch_Module_methods(JNIEnv* env, jclass, jlong handle) {
  return guarded(env, [&]() -> jobjectArray {
    const auto names = checked(module_of(handle).method_names(), "Cannot get method names");
    return strings(env, {names.begin(), names.end()});
  });
}

JNIEXPORT jobjectArray JNICALL Java_org_pytorch_executorch_Module_backends(JNIEnv* env, jclass, jlong handle, jstring method) {
  return guarded(env, [&]() -> jobjectArray {
    const auto meta = checked(module_of(handle).method_meta(string_of(env, method)), "Cannot get backends");
    std::vector<std::string> names;
    names.reserve(meta.num_backends());
    for (size_t i = 0; i < meta.num_backends(); ++i) names.emplace_back(checked(meta.get_backend_name(i), "Cannot get backends"));
    return strings(env, names);
  });
}

JNIEXPORT void JNICALL Java_org_pytorch_executorch_Module_loadMethod(JNIEnv* env, jclass, jlong handle, jstring method) {
  guarded(env, [&] { check(module_of(handle).load_method(string_of(env, method)), "Failed to load method"); });
}

JNIEXPORT jobjectArray JNICALL Java_org_pytorch_executorch_Module_execute(JNIEnv* env, jclass, jlong handle, jstring method,
                                                                          jobjectArray inputs) {
  return guarded(env, [&]() -> jobjectArray {
    std::vector<TensorPtr> tensors;
    tensors.reserve(static_cast<size_t>(env->GetArrayLength(inputs)));
    for (jsize i = 0; i < env->GetArrayLength(inputs); ++i) {
      tensors.push_back(from_java(env, env->GetObjectArrayElement(inputs, i)));
    }
    const std::vector<EValue> values(tensors.begin(), tensors.end());
    const auto outputs = checked(module_of(handle).execute(string_of(env, method), values), "Execution failed");
    jclass type = env->FindClass("org/pytorch/executorch/Tensor");
    jobjectArray array = env->NewObjectArray(static_cast<jsize>(outputs.size()), type, nullptr);
    for (size_t i = 0; i < outputs.size(); ++i) {
      env->SetObjectArrayElement(array, static_cast<jsize>(i), to_java(env, outputs[i].toTensor()));
    }
    return array;
  });
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
