// The peaks of this processor, by every set of kernels that it can run.
#include <cmath>
#include <cstring>
#include <string>

#include "check.h"
#include "cpu.h"
#include "dsnet.h"

namespace {

// Twelve sums, each of some products a step: as many as the vector of the instruction set has lanes, or more.
template <class Kernels>
void test_exercise(const Kernels& kernels, const char* name) {
  const int64_t one = kernels.exercise(1);
  CHECK(one >= 12 && one % 12 == 0 && kernels.exercise(1000) == 1000 * one && kernels.exercise(0) == 0);
  if (std::strcmp(name, "scalar") == 0) CHECK(one == 12);
}

void test_kernels() {
  for (const auto* kernels : dsnet::supported_int8_kernels()) {
    test_exercise(*kernels, kernels->name);
    if (std::strcmp(kernels->name, "avx512-vnni") == 0) CHECK(kernels->exercise(1) == 12 * 64);
    if (std::strcmp(kernels->name, "neon-dotprod") == 0) CHECK(kernels->exercise(1) == 12 * 16);
  }
  for (const auto* kernels : dsnet::supported_bf16_kernels()) test_exercise(*kernels, kernels->name);
  for (const auto* kernels : dsnet::supported_fp16_kernels()) test_exercise(*kernels, kernels->name);
  const dsnet::Kernels& best = dsnet::select_kernels(nullptr).fp32;
  test_exercise(best, best.isa);
}

void test_measured() {
  char message[256];
  for (const char* precision : {"fp32", "int8", "bf16", "fp16"}) {
    dsnet_peaks peaks = {};
    CHECK(dsnet_measure_peaks(nullptr, precision, &peaks, message, sizeof message) == DSNET_OK);
    CHECK(std::isfinite(peaks.gmadds_per_s) && peaks.gmadds_per_s > 0);
    CHECK(std::isfinite(peaks.read_gb_per_s) && peaks.read_gb_per_s > 0);
  }
}

void test_arguments() {
  char message[256] = "";
  dsnet_peaks peaks = {};
  CHECK(dsnet_measure_peaks("mmx", "fp32", &peaks, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(std::strstr(message, "'mmx'") != nullptr);
  CHECK(dsnet_measure_peaks(nullptr, "fp64", &peaks, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(std::strstr(message, "'fp64'") != nullptr);
  CHECK(dsnet_measure_peaks(nullptr, nullptr, &peaks, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_measure_peaks(nullptr, "fp32", nullptr, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(peaks.gmadds_per_s == 0);
}

}  // namespace

int main() {
  test_kernels();
  test_measured();
  test_arguments();
  return check::report("peaks");
}
