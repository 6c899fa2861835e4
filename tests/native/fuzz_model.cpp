// libFuzzer's harness over the file reader (scripts/fuzz.sh): opens the bytes as a file the way dsnet_model_open does, and lets
// a file that is accepted, whatever its panels hold, run its slimmest and widest path. Nothing may crash, hang, leak or read
// outside the file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "dsnet.h"
#include "gguf_mutation.h"
#include "model.h"

namespace {

constexpr double kMostWork = 3e6;  // multiply-adds of a path: a few milliseconds
constexpr size_t kMostActivations = 4 << 20;

// The file lives in memory; its name leads the runtime to it.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("model", 0)), name_("/proc/self/fd/" + std::to_string(fd_)) {
    if (fd_ < 0) std::abort();
  }
  const char* write(const uint8_t* data, size_t size) const {
    if (ftruncate(fd_, 0) != 0 || pwrite(fd_, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
    return name_.c_str();
  }

 private:
  int fd_;
  std::string name_;
};

void require(bool condition) {
  if (!condition) std::abort();
}

// A hostile file may ask for hours of valid work; the fuzzer has none to give.
double work(const char* filename) {
  const dsnet::Model model(filename);
  const dsnet::Program& program = model.program;
  double sum = 0;
  for (const dsnet::Op& op : program.ops) {
    const dsnet::Value &input = program.values[op.input], &output = program.values[op.output];
    const double inputs = dsnet::has_panels(op.kind) ? input.channels.back() : 1;
    const double pixels = std::fmax(double(input.h) * input.w, double(output.h) * output.w);
    sum += pixels * op.window.kernel * op.window.kernel * inputs * dsnet::padded(output.channels.back());
  }
  return sum;
}

std::vector<float> image_for(const dsnet_model_info& info, uint32_t kind) {
  constexpr float kValues[] = {0.5F, -1.0F, 0.0F, 3e38F, -3e38F, INFINITY, NAN, 1e-40F};
  std::vector<float> image(static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3, kValues[kind % 8]);
  for (size_t i = 0; i < image.size(); i += 3) image[i] = kValues[(kind / 8 + i) % 3];
  return image;
}

void run(const dsnet_model* model, uint32_t kind) {
  const dsnet_model_info info = dsnet_model_get_info(model);
  const auto* arena = static_cast<const char*>(info.arena);
  for (int32_t op = 0; op < dsnet_model_op_count(model); ++op) {
    const void* begin = nullptr;
    size_t bytes = 0;
    require(dsnet_model_op_weights(model, op, info.n_paths - 1, &begin, &bytes) == DSNET_OK);
    const auto* at = static_cast<const char*>(begin);
    require(bytes == 0 || (at >= arena && at + bytes <= arena + info.arena_bytes));
    dsnet_op_info costs = {};
    require(dsnet_model_op_info(model, op, info.n_paths - 1, &costs) == DSNET_OK && costs.madds >= 0 && costs.bytes > 0);
  }
  const std::vector<float> image = image_for(info, kind);
  std::vector<float> logits(static_cast<size_t>(info.n_classes)), scores(static_cast<size_t>(info.n_paths));
  dsnet_session* session = nullptr;
  const char* isa = kind / 64 % 2 == 0 ? "scalar" : nullptr;
  require(dsnet_session_create(model, 1, isa, &session, nullptr, 0) == DSNET_OK);
  for (const int32_t path : {info.n_paths - 1, 0, DSNET_PATH_AUTO}) {
    int32_t taken = -1;
    require(dsnet_run(session, image.data(), path, logits.data(), &taken, scores.data(), nullptr) == DSNET_OK);
    require(taken >= 0 && taken < info.n_paths);
  }
  dsnet_session_destroy(session);
}

}  // namespace

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const MemoryFile file;
  const char* filename = file.write(data, size);
  dsnet_model* model = nullptr;
  char message[256] = "";
  const dsnet_status status = dsnet_model_open(filename, &model, message, sizeof message);
  require((status == DSNET_OK) == (model != nullptr) && message[0] != 0 && std::strchr(message, '\n') == nullptr);
  require(status != DSNET_ERROR_MEMORY && status != DSNET_ERROR_ARGUMENT);
  if (model == nullptr) return 0;
  const dsnet_status checked = dsnet_model_check(model, message, sizeof message);
  require((checked == DSNET_OK || checked == DSNET_ERROR_FORMAT) && message[0] != 0 && std::strchr(message, '\n') == nullptr);
  uint32_t kind = 0;
  for (size_t i = 0; i < size; ++i) kind = kind * 31 + data[i];
  if (dsnet_model_get_info(model).activation_bytes <= kMostActivations && work(filename) <= kMostWork) run(model, kind);
  dsnet_model_close(model);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  std::minstd_rand random(seed);
  auto parts = random() % 8 != 0 ? test::GgufParser(data, size).parse() : std::nullopt;
  if (!parts) return LLVMFuzzerMutate(data, size, max_size);
  test::GgufMutation mutation(random());
  for (uint32_t changes = 1 + random() % 3; changes > 0; --changes) mutation.apply(*parts);
  const std::string bytes = test::to_bytes(*parts);
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
}
