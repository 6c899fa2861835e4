// The native side of dev.dsnet.sliced.Native, over the C ABI of the runtime. A handle is a pointer that Kotlin keeps as a long, 0
// for none. What fails answers 0 or false; opening also writes the runtime's message. Nothing here throws, in C++ or in Java,
// except the virtual machine itself where it is out of memory.
#include <jni.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "dsnet.h"

namespace {

constexpr int32_t kMostCores = 256;

// A session, and how many floats its functions read or write.
struct Run {
  dsnet_session* session;
  jlong image, scores, logits;
};

template <class T>
T* pointer(jlong handle) {
  return reinterpret_cast<T*>(static_cast<intptr_t>(handle));  // NOLINT(performance-no-int-to-ptr): Java has no pointers
}

jboolean answer(bool done) { return done ? JNI_TRUE : JNI_FALSE; }

jlong handle(const void* pointer) { return static_cast<jlong>(reinterpret_cast<intptr_t>(pointer)); }

// Where a direct buffer of at least n floats is; null for any other, which the C ABI refuses.
float* floats(JNIEnv* env, jobject buffer, jlong n) {
  if (buffer == nullptr || env->GetDirectBufferCapacity(buffer) < n) return nullptr;
  return static_cast<float*>(env->GetDirectBufferAddress(buffer));
}

// One line for the caller, zero-terminated UTF-8, cut to the room there is.
class Message {
 public:
  Message(JNIEnv* env, jbyteArray destination) : env_(env), destination_(destination) {}

  char* text() { return text_; }
  static constexpr size_t size() { return sizeof text_; }

  void hand_over() {
    if (destination_ == nullptr) return;
    const jsize length = std::min(env_->GetArrayLength(destination_), static_cast<jsize>(std::strlen(text_) + 1));
    env_->SetByteArrayRegion(destination_, 0, length, reinterpret_cast<const jbyte*>(text_));
  }

  jlong fail(const char* cause) {
    std::strncpy(text_, cause, sizeof text_ - 1);
    hand_over();
    return 0;
  }

 private:
  JNIEnv* env_;
  jbyteArray destination_;
  char text_[1024] = {};
};

jlong open_model(JNIEnv* env, jclass, jbyteArray filename, jbyteArray destination) {
  Message message(env, destination);
  char name[4096];  // as long as the kernel allows
  const jsize length = filename != nullptr ? env->GetArrayLength(filename) : 0;
  if (length == 0 || static_cast<size_t>(length) >= sizeof name) return message.fail("filename: expected 1 to 4095 bytes");
  env->GetByteArrayRegion(filename, 0, length, reinterpret_cast<jbyte*>(name));
  name[length] = 0;
  if (std::strlen(name) != static_cast<size_t>(length)) return message.fail("filename: expected no zero character in it");
  dsnet_model* model = nullptr;
  if (dsnet_model_open(name, &model, message.text(), Message::size()) != DSNET_OK) message.hand_over();
  if (model != nullptr && dsnet_model_get_info(model).n_gates != 1) {
    dsnet_model_close(model);
    return message.fail("this app runs networks with one gate; convert another, or use the Python package");
  }
  return handle(model);
}

void close_model(JNIEnv*, jclass, jlong model) { dsnet_model_close(pointer<dsnet_model>(model)); }

// Height, width, paths, classes.
jintArray shape(JNIEnv* env, jclass, jlong model) {
  const dsnet_model_info info = dsnet_model_get_info(pointer<dsnet_model>(model));
  const jint numbers[] = {info.height, info.width, info.n_paths, info.n_classes};
  jintArray result = env->NewIntArray(4);
  if (result != nullptr) env->SetIntArrayRegion(result, 0, 4, numbers);
  return result;
}

// With one thread a core, or, without cores, that many threads.
jlong create_session(JNIEnv* env, jclass, jlong model_handle, jint threads, jintArray cores, jbyteArray destination) {
  Message message(env, destination);
  const auto* model = pointer<const dsnet_model>(model_handle);
  dsnet_session* session = nullptr;
  if (cores == nullptr) {
    dsnet_session_create(model, threads, nullptr, &session, message.text(), Message::size());
  } else {
    jint list[kMostCores];
    const jsize n = env->GetArrayLength(cores);
    env->GetIntArrayRegion(cores, 0, std::min(n, kMostCores), list);
    dsnet_session_create_on(model, list, n, nullptr, &session, message.text(), Message::size());
  }
  if (session == nullptr) {
    message.hand_over();
    return 0;
  }
  const dsnet_model_info info = dsnet_model_get_info(model);
  Run* run = new (std::nothrow) Run{session, jlong{3} * info.height * info.width, info.n_paths, info.n_classes};
  if (run == nullptr) {
    dsnet_session_destroy(session);
    return message.fail("out of memory");
  }
  return handle(run);
}

void destroy_session(JNIEnv*, jclass, jlong session) {
  const Run* run = pointer<Run>(session);
  if (run != nullptr) dsnet_session_destroy(run->session);
  delete run;
}

jstring isa(JNIEnv* env, jclass, jlong session) {
  const Run* run = pointer<Run>(session);
  return run != nullptr ? env->NewStringUTF(dsnet_session_isa(run->session)) : nullptr;
}

jboolean prefix(JNIEnv* env, jclass, jlong session, jobject image) {
  const Run* run = pointer<Run>(session);
  return answer(run != nullptr && dsnet_prefix(run->session, floats(env, image, run->image)) == DSNET_OK);
}

jboolean gate(JNIEnv* env, jclass, jlong session, jobject scores) {
  const Run* run = pointer<Run>(session);
  return answer(run != nullptr && dsnet_gate(run->session, floats(env, scores, run->scores)) == DSNET_OK);
}

jboolean suffix(JNIEnv* env, jclass, jlong session, jint path, jobject logits) {
  const Run* run = pointer<Run>(session);
  return answer(run != nullptr && dsnet_suffix(run->session, path, floats(env, logits, run->logits)) == DSNET_OK);
}

jintArray big_cores(JNIEnv* env, jclass) {
  int32_t cores[kMostCores];
  const jsize n = std::min(dsnet_big_cores(cores, kMostCores), kMostCores);
  jintArray result = env->NewIntArray(n);
  if (result != nullptr) env->SetIntArrayRegion(result, 0, n, cores);
  return result;
}

jstring version(JNIEnv* env, jclass) { return env->NewStringUTF(DSNET_VERSION); }

// The names are those of Native.kt. Old headers take what is never written as char*, hence the casts.
template <class Function>
JNINativeMethod method(const char* name, const char* signature, Function* function) {
  return {const_cast<char*>(name), const_cast<char*>(signature), reinterpret_cast<void*>(function)};
}

}  // namespace

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
  void* env = nullptr;
  if (vm->GetEnv(&env, JNI_VERSION_1_6) != JNI_OK) return JNI_ERR;
  auto* jni = static_cast<JNIEnv*>(env);
  jclass native = jni->FindClass("dev/dsnet/sliced/Native");
  if (native == nullptr) return JNI_ERR;
  const JNINativeMethod methods[] = {
      method("openModel", "([B[B)J", open_model),
      method("closeModel", "(J)V", close_model),
      method("shape", "(J)[I", shape),
      method("createSession", "(JI[I[B)J", create_session),
      method("destroySession", "(J)V", destroy_session),
      method("isa", "(J)Ljava/lang/String;", isa),
      method("prefix", "(JLjava/nio/FloatBuffer;)Z", prefix),
      method("gate", "(JLjava/nio/FloatBuffer;)Z", gate),
      method("suffix", "(JILjava/nio/FloatBuffer;)Z", suffix),
      method("bigCores", "()[I", big_cores),
      method("version", "()Ljava/lang/String;", version),
  };
  const jint registered = jni->RegisterNatives(native, methods, sizeof methods / sizeof methods[0]);
  return registered == JNI_OK ? JNI_VERSION_1_6 : JNI_ERR;
}
