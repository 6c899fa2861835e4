// Which kernels this processor can run.
#pragma once

#include <vector>

#include "half.h"
#include "int8.h"
#include "program.h"

namespace dsnet {

// The tables of one instruction set, for each precision the best that this processor has.
struct KernelSet {
  const Kernels& fp32;
  const Int8Kernels& int8;
  const Bf16Kernels& bf16;
  const Fp16Kernels& fp16;

  // Of the kernels that run the feature maps of a precision.
  const char* name_for(Precision precision) const;
  int64_t (*exercise_for(Precision precision) const)(int64_t steps);
};

// Those of the named instruction set, or of the best for nullptr. Fails if the name is unknown or the processor lacks it.
KernelSet select_kernels(const char* isa);

// All kernels of a precision that this processor can run, for tests: an instruction set may have several.
std::vector<const Int8Kernels*> supported_int8_kernels();
std::vector<const Bf16Kernels*> supported_bf16_kernels();
std::vector<const Fp16Kernels*> supported_fp16_kernels();

}  // namespace dsnet
