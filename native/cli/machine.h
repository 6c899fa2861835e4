// Which machine a figure came from, and how much memory this process holds.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dsnet::cli {

struct Machine {
  std::string cpu, architecture, system;
  std::vector<int> core_mhz;  // the highest clock of each core, 0 where the system does not tell
};

Machine describe_machine();

// Resident, by kind: what was allocated, and what is mapped from files. Zeros where the system does not tell.
struct Memory {
  size_t anonymous_bytes = 0, file_bytes = 0;
};

Memory resident_memory();

// What came on top of `before`.
Memory operator-(const Memory& after, const Memory& before);

}  // namespace dsnet::cli
