#include "cpu.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <algorithm>
#include <cstring>
#include <string>

#include "error.h"

namespace dsnet {
namespace {

bool always() { return true; }

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

bool has_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi"); }

bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

bool has_f16c() { return has_avx2() && __builtin_cpu_supports("f16c"); }
#elif defined(__aarch64__)
bool has_dotprod() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }

bool has_i8mm() { return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0; }

bool has_bf16() { return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0; }

bool has_fp16() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDHP) != 0; }
#endif

struct Candidate {
  const Kernels& kernels;
  bool (*supported)();
};

// Best first.
const Candidate kCandidates[] = {
#if defined(__x86_64__)
    {kAvx512Kernels, has_avx512},
    {kAvx2Kernels, has_avx2},
#elif defined(__aarch64__)
    {kNeonKernels, always},
#endif
    {kScalarKernels, always},
};

// The kernels of another precision.
template <class Table>
struct Variant {
  const char* isa;  // of the float kernels they go with
  const Table& kernels;
  bool (*supported)();
};

// Best first for each instruction set, scalar last.
const Variant<Int8Kernels> kInt8Variants[] = {
#if defined(__x86_64__)
    {"avx512", kInt8VnniKernels, has_vnni},
    {"avx512", kInt8Avx2Kernels, has_avx2},
    {"avx2", kInt8Avx2Kernels, has_avx2},
#elif defined(__aarch64__)
    {"neon", kInt8NeonI8mmKernels, has_i8mm},
    {"neon", kInt8NeonDotprodKernels, has_dotprod},
    {"neon", kInt8NeonKernels, always},
#endif
    {"scalar", kInt8ScalarKernels, always},
};

const Variant<Bf16Kernels> kBf16Variants[] = {
#if defined(__x86_64__)
    {"avx512", kBf16Avx512NativeKernels, has_avx512_bf16},
    {"avx512", kBf16Avx512Kernels, has_avx512},
    {"avx2", kBf16Avx2Kernels, has_f16c},
#elif defined(__aarch64__)
    {"neon", kBf16NeonNativeKernels, has_bf16},
    {"neon", kBf16NeonKernels, always},
#endif
    {"scalar", kBf16ScalarKernels, always},
};

const Variant<Fp16Kernels> kFp16Variants[] = {
#if defined(__x86_64__)
    {"avx512", kFp16Avx512Kernels, has_avx512},
    {"avx2", kFp16Avx2Kernels, has_f16c},
#elif defined(__aarch64__)
    {"neon", kFp16NeonNativeKernels, has_fp16},
    {"neon", kFp16NeonKernels, always},
#endif
    {"scalar", kFp16ScalarKernels, always},
};

const Kernels& best() {
  for (const Candidate& candidate : kCandidates) {
    if (candidate.supported()) return candidate.kernels;
  }
  return kScalarKernels;
}

const Kernels& named(const char* isa) {
  std::string names;
  for (const Candidate& candidate : kCandidates) {
    const char* name = candidate.kernels.isa;
    if (std::strcmp(isa, name) == 0) {
      if (candidate.supported()) return candidate.kernels;
      fail(DSNET_ERROR_ARGUMENT, "isa: this processor lacks %s; leave the argument out for the best it has", name);
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  fail(DSNET_ERROR_ARGUMENT, "isa: expected one of %s in this build, found %s", names.c_str(), quoted(isa).c_str());
}

template <class Table, size_t n>
const Table& first_of(const Variant<Table> (&variants)[n], const char* isa) {
  for (const Variant<Table>& variant : variants) {
    if (std::strcmp(variant.isa, isa) == 0 && variant.supported()) return variant.kernels;
  }
  return variants[n - 1].kernels;
}

template <class Table, size_t n>
std::vector<const Table*> supported(const Variant<Table> (&variants)[n]) {
  std::vector<const Table*> found;
  for (const Variant<Table>& variant : variants) {
    const bool known = std::find(found.begin(), found.end(), &variant.kernels) != found.end();
    if (!known && variant.supported()) found.push_back(&variant.kernels);
  }
  return found;
}

}  // namespace

const char* KernelSet::name_for(Precision precision) const {
  switch (precision) {
    case Precision::fp32: return fp32.isa;
    case Precision::int8: return int8.name;
    case Precision::bf16: return bf16.name;
    case Precision::fp16: return fp16.name;
  }
  return nullptr;
}

int64_t (*KernelSet::exercise_for(Precision precision) const)(int64_t) {
  switch (precision) {
    case Precision::fp32: return fp32.exercise;
    case Precision::int8: return int8.exercise;
    case Precision::bf16: return bf16.exercise;
    case Precision::fp16: return fp16.exercise;
  }
  return nullptr;
}

KernelSet select_kernels(const char* isa) {
  const Kernels& kernels = isa != nullptr ? named(isa) : best();
  const char* name = kernels.isa;
  return {kernels, first_of(kInt8Variants, name), first_of(kBf16Variants, name), first_of(kFp16Variants, name)};
}

std::vector<const Int8Kernels*> supported_int8_kernels() { return supported(kInt8Variants); }

std::vector<const Bf16Kernels*> supported_bf16_kernels() { return supported(kBf16Variants); }

std::vector<const Fp16Kernels*> supported_fp16_kernels() { return supported(kFp16Variants); }

}  // namespace dsnet
