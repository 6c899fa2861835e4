// Which kernels this processor can run.
#pragma once

#include "kernels.h"

namespace dsnet {

// The named instruction set, or the best for nullptr. Fails if the name is unknown or the processor lacks it.
const Kernels& select_kernels(const char* isa);

}  // namespace dsnet
