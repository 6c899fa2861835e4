#include "topology.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace dsnet {
namespace {

// A little core has a quarter of a big one's capacity or less. Its frequency alone lies closer: about 0.65 of the big one's,
// where equal cores differ by some hundredths.
constexpr double kBigCapacity = 0.4, kBigFrequency = 0.7;

std::string core_file(const std::string& root, int core, const char* name) {
  return root + "/sys/devices/system/cpu/cpu" + std::to_string(core) + "/" + name;
}

// 0 if there is no such file, or no positive number at its beginning.
double number_in(const std::string& filename) {
  std::ifstream file(filename);
  double number = 0;
  return file >> number && number > 0 ? number : 0;
}

bool is_online(const std::string& root, int core) {
  std::ifstream file(core_file(root, core, "online"));  // there is none for a core that cannot be switched off
  int online = 1;
  return !(file >> online) || online != 0;
}

// The first core of each physical one: lists of siblings start with their lowest number.
int physical(const std::string& root, int core) {
  std::ifstream file(core_file(root, core, "topology/thread_siblings_list"));
  int first = core;
  return file >> first && first >= 0 ? first : core;
}

// Relative speeds, empty unless known of every core.
std::vector<double> speeds(const std::string& root, const std::vector<int>& cores, const char* name) {
  std::vector<double> all;
  for (const int core : cores) {
    const double speed = number_in(core_file(root, core, name));
    if (speed == 0) return {};
    all.push_back(speed);
  }
  return all;
}

// How many cores' worth of time the control group may use.
size_t quota(const std::string& root) {
  std::ifstream file(root + "/sys/fs/cgroup/cpu.max");
  double time = 0, period = 0;
  if (!(file >> time >> period) || time <= 0 || period <= 0) return SIZE_MAX;  // "max", or no such file
  return static_cast<size_t>(std::clamp(std::ceil(time / period), 1.0, 1e6));
}

std::vector<int> usable(const std::string& root, const std::vector<int>& cores) {
  std::vector<int> result, taken;
  for (const int core : cores) {
    const int whole = physical(root, core);
    if (!is_online(root, core) || std::find(taken.begin(), taken.end(), whole) != taken.end()) continue;
    taken.push_back(whole);
    result.push_back(core);
  }
  return result.empty() ? cores : result;
}

}  // namespace

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

std::vector<int> big_cores(const std::vector<int>& cores, const std::string& root) {
  const std::vector<int> candidates = usable(root, cores);
  double big = kBigCapacity;
  std::vector<double> speed = speeds(root, candidates, "cpu_capacity");
  if (speed.empty()) {
    speed = speeds(root, candidates, "cpufreq/cpuinfo_max_freq");
    big = kBigFrequency;
  }
  if (speed.empty()) speed.assign(candidates.size(), 1);
  const double fastest = speed.empty() ? 0 : *std::max_element(speed.begin(), speed.end());
  std::vector<size_t> order;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (speed[i] >= big * fastest) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return speed[a] > speed[b]; });
  order.resize(std::min(order.size(), quota(root)));
  std::vector<int> result;
  result.reserve(order.size());
  for (const size_t i : order) result.push_back(candidates[i]);
  return result;
}

}  // namespace dsnet
