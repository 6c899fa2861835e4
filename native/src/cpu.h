// Which kernels this processor can run.
#pragma once

#include <vector>

#include "int8.h"
#include "kernels.h"

namespace dsnet {

// The named instruction set, or the best for nullptr. Fails if the name is unknown or the processor lacks it.
const Kernels& select_kernels(const char* isa);

// The best int8 kernels of that instruction set on this processor. The name must be one that select_kernels accepts.
const Int8Kernels& select_int8_kernels(const char* isa);

// All int8 kernels this processor can run, for tests: an instruction set may have several.
std::vector<const Int8Kernels*> supported_int8_kernels();

}  // namespace dsnet
