// The system's processor topology: which cores to run on.
#pragma once

#include <string>
#include <vector>

namespace dsnet {

// The cores that this thread may run on, by number.
std::vector<int> allowed_cores();

// The big ones of `cores`, the fastest first, one hardware thread a physical core, no more than the control group's share of
// processor time. Never empty unless `cores` is. `root` is "" for this system; tests have others.
//
// Read are, below /sys/devices/system/cpu/cpuN: online, cpu_capacity (ARM), else cpufreq/cpuinfo_max_freq,
// topology/thread_siblings_list; and /sys/fs/cgroup/cpu.max. What is missing or unreadable counts as equal on all cores.
std::vector<int> big_cores(const std::vector<int>& cores, const std::string& root = "");

}  // namespace dsnet
