// What one core can do at most, measured: the two sides of a roofline.
#pragma once

#include "cpu.h"

namespace dsnet {

struct Peaks {
  double madds_per_s;  // from registers, by the instructions of the kernels for a precision
  double bytes_per_s;  // read from memory, not from a cache
};

// The best of many short runs, half a second in all. Throws std::bad_alloc where there is no room for what is read: 64 MiB, or
// twice the last cache where the system tells its size, but no more than 512 MiB.
Peaks measure_peaks(const KernelSet& kernels, Precision precision);

}  // namespace dsnet
