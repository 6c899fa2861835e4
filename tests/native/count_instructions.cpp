// Runs kernels and networks between marks, at which instruction_counter.c counts instructions under qemu-user.
//
//   count-instructions layers               // pointwise layers of the width of the paper's networks
//   count-instructions ops MODEL PATH...    // every op of the prefix and the gate, and of the suffix on these paths
//
// Prints one tab-separated line a count, which comes last:
//   layer  fp32 | int8 | bf16 | fp16  CHANNELS  sliced | ideal
//   op     prefix | gate | suffix  PATH  NAME
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cpu.h"
#include "error.h"
#include "session.h"
#include "split.h"

namespace {

constexpr long kMark = 0x64736e;  // no system call of Linux

// Prints the label; the counter prints the rest of the line.
template <class Body>
void count(const std::string& label, const Body& body) {
  std::fputs(label.c_str(), stdout);
  std::fflush(stdout);
  syscall(kMark, 0);
  body();
  syscall(kMark, 1);
}

struct Free {
  void operator()(void* data) const { std::free(data); }
};

template <class T>
std::unique_ptr<T[], Free> zeros(size_t count) {
  const size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
  void* data = std::aligned_alloc(64, bytes);
  if (data == nullptr) throw std::bad_alloc();
  std::memset(data, 0, bytes);
  return std::unique_ptr<T[], Free>(static_cast<T*>(data));
}

// `c` to `c` channels over 14 x 14 pixels with relu6, the weights packed for `c_max` inputs.
struct Layer {
  static constexpr int kPixels = 14 * 14;
  int c, c_max;
  const char* packing;

  size_t channels() const { return static_cast<size_t>(c); }
  size_t elements() const { return kPixels * channels(); }
  size_t weights() const { return static_cast<size_t>(c_max) * channels(); }
  ptrdiff_t panel_stride() const { return ptrdiff_t{c_max} * dsnet::kPanel; }

  std::string label(const char* precision) const {
    return std::string("layer\t") + precision + "\t" + std::to_string(c) + "\t" + packing + "\t";
  }

  template <class Kernels>
  dsnet::GemmSplit split(const Kernels& kernels, int element_bytes) const {
    return dsnet::split_gemm(kPixels, c, c / dsnet::kPanel, kernels, 1, element_bytes);
  }
};

template <class Map, class Kernels>
void count_floats(const Layer& layer, const char* precision, const Kernels& kernels) {
  const auto input = zeros<Map>(layer.elements()), output = zeros<Map>(layer.elements()), weights = zeros<Map>(layer.weights());
  const auto table = zeros<float>(layer.channels());
  const dsnet::GemmOf<Map> job = {input.get(),
                                  layer.c,
                                  layer.c,
                                  {weights.get(), layer.panel_stride()},
                                  output.get(),
                                  layer.c,
                                  {table.get(), table.get(), dsnet::Activation::relu6}};
  count(layer.label(precision), [&] {
    const dsnet::GemmSplit split = layer.split(kernels, sizeof(Map));
    for (int i = 0; i < split.count(); ++i) kernels.gemm(job, split.rows_of(i), split.panels_of(i));
  });
}

void count_int8(const Layer& layer) {
  const dsnet::Int8Kernels& kernels = dsnet::select_kernels(nullptr).int8;
  const auto input = zeros<int8_t>(layer.elements()), output = zeros<int8_t>(layer.elements());
  const auto weights = zeros<int8_t>(layer.weights());
  const auto table = zeros<float>(layer.channels());
  const auto sums = zeros<int32_t>(layer.channels());
  const dsnet::Int8Pointwise job = {input.get(),  layer.c,       0,
                                    layer.c,      weights.get(), layer.panel_stride(),
                                    output.get(), layer.c,       {table.get(), table.get(), sums.get(), nullptr, -128, 127}};
  count(layer.label("int8"), [&] {
    const dsnet::GemmSplit split = layer.split(kernels, 1);
    for (int i = 0; i < split.count(); ++i) kernels.pointwise(job, split.rows_of(i), split.panels_of(i));
  });
}

void count_layers() {
  constexpr int kWidest = 640;
  for (const int c : {224, 416, 640}) {
    for (const Layer& layer : {Layer{c, kWidest, "sliced"}, Layer{c, c, "ideal"}}) {
      const dsnet::KernelSet kernels = dsnet::select_kernels(nullptr);
      count_floats<float>(layer, "fp32", kernels.fp32);
      count_floats<dsnet::Bf16>(layer, "bf16", kernels.bf16);
      count_floats<dsnet::Fp16>(layer, "fp16", kernels.fp16);
      count_int8(layer);
    }
  }
}

// Each op in turn becomes the only one of its segment.
void count_ops(const char* filename, const std::vector<int>& paths) {
  dsnet::Model model(filename);
  dsnet::Program& program = model.program;
  const dsnet::Value& input = program.values[static_cast<size_t>(program.input)];
  const auto image = zeros<float>(static_cast<size_t>(input.h) * static_cast<size_t>(input.w) * 3);
  dsnet::Session session(model, 1, dsnet::select_kernels(nullptr));
  const auto op = [&](const char* segment, int path, int o) {
    char label[256];
    std::snprintf(label, sizeof label, "op\t%s\t%d\t%s\t", segment, path, program.ops[static_cast<size_t>(o)].name.c_str());
    return std::string(label);
  };
  const std::vector<int> whole = program.segment_begin;
  for (int o = whole[0]; o < whole[1]; ++o) {
    if (program.ops[static_cast<size_t>(o)].input == program.input) {
      program.segment_begin = {o, o + 1, o + 1, o + 1};
      count(op("prefix", 0, o), [&] { session.prefix(image.get()); });
    } else {  // as an op of the suffix: the prefix would quantise the image again
      program.segment_begin = {o, o, o, o + 1};
      session.gate();
      count(op("prefix", 0, o), [&] { session.suffix(0); });
    }
  }
  for (int o = whole[1]; o < whole[2]; ++o) {
    program.segment_begin = {o, o, o + 1, o + 1};
    count(op("gate", 0, o), [&] { session.gate(); });
  }
  for (const int path : paths) {
    if (path < 0 || path >= program.n_paths) {
      dsnet::fail(DSNET_ERROR_ARGUMENT, "path: expected 0 to %d, found %d", program.n_paths - 1, path);
    }
    for (int o = whole[2]; o < whole[3]; ++o) {
      program.segment_begin = {o, o, o, o + 1};
      count(op("suffix", path, o), [&] { session.suffix(path); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::strcmp(argv[1], "layers") == 0) {
      count_layers();
    } else if (argc > 3 && std::strcmp(argv[1], "ops") == 0) {
      std::vector<int> paths;
      for (int i = 3; i < argc; ++i) paths.push_back(std::atoi(argv[i]));
      count_ops(argv[2], paths);
    } else {
      std::fprintf(stderr, "usage: %s layers | ops MODEL PATH...\n", argv[0]);
      return 2;
    }
    return 0;
  } catch (const dsnet::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return 1;
  }
}
