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
#elif defined(__aarch64__)
bool has_dotprod() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }

bool has_i8mm() { return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0; }
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

struct Int8Candidate {
  const char* isa;  // of the float kernels it goes with
  const Int8Kernels& kernels;
  bool (*supported)();
};

// Best first for each instruction set.
const Int8Candidate kInt8Candidates[] = {
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

}  // namespace

const Kernels& select_kernels(const char* isa) { return isa != nullptr ? named(isa) : best(); }

const Int8Kernels& select_int8_kernels(const char* isa) {
  const char* name = select_kernels(isa).isa;
  for (const Int8Candidate& candidate : kInt8Candidates) {
    if (std::strcmp(candidate.isa, name) == 0 && candidate.supported()) return candidate.kernels;
  }
  return kInt8ScalarKernels;
}

std::vector<const Int8Kernels*> supported_int8_kernels() {
  std::vector<const Int8Kernels*> found;
  for (const Int8Candidate& candidate : kInt8Candidates) {
    const bool known = std::find(found.begin(), found.end(), &candidate.kernels) != found.end();
    if (!known && candidate.supported()) found.push_back(&candidate.kernels);
  }
  return found;
}

}  // namespace dsnet
