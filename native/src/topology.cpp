#include "topology.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace dsnet {
namespace {

// A little core has a quarter of a big one's capacity or less. Its frequency alone lies closer: about 0.65 of the big one's,
// where equal cores differ by some hundredths.
constexpr double kBigCapacity = 0.4, kBigFrequency = 0.7;

std::string core_file(const std::string& root, int core, const char* name) {
  return root + "/sys/devices/system/cpu/cpu" + std::to_string(core) + "/" + name;
}

// The beginning of a file, which the kernel makes up when it is read; empty if there is none.
std::string beginning_of(const std::string& filename) {
  char text[64];
  const int file = open(filename.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {};
  const ssize_t bytes = read(file, text, sizeof text);
  close(file);
  return {text, static_cast<size_t>(std::max<ssize_t>(bytes, 0))};
}

// The whole numbers that a file begins with, at most n.
std::vector<int64_t> numbers_in(const std::string& filename, size_t n) {
  const std::string text = beginning_of(filename);
  const char *next = text.data(), *const end = next + text.size();
  std::vector<int64_t> numbers;
  while (numbers.size() < n) {
    while (next != end && (*next == ' ' || *next == '\n')) ++next;
    int64_t number;
    const auto [behind, error] = std::from_chars(next, end, number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    next = behind;
  }
  return numbers;
}

// `otherwise` if there is no such file, or no number at its beginning.
int64_t number_in(const std::string& filename, int64_t otherwise) {
  const std::vector<int64_t> numbers = numbers_in(filename, 1);
  return numbers.empty() ? otherwise : numbers[0];
}

// Cores that cannot be switched off have no such file.
bool is_online(const std::string& root, int core) { return number_in(core_file(root, core, "online"), 1) != 0; }

// The first core of each physical one: lists of siblings start with their lowest number.
int64_t physical(const std::string& root, int core) {
  const int64_t first = number_in(core_file(root, core, "topology/thread_siblings_list"), core);
  return first >= 0 ? first : core;
}

// Relative speeds, empty unless known of every core.
std::vector<double> speeds(const std::string& root, const std::vector<int>& cores, const char* name) {
  std::vector<double> all;
  for (const int core : cores) {
    const int64_t speed = number_in(core_file(root, core, name), 0);
    if (speed <= 0) return {};
    all.push_back(static_cast<double>(speed));
  }
  return all;
}

// How many cores' worth of time the control group may use.
size_t quota(const std::string& root) {
  const std::vector<int64_t> share = numbers_in(root + "/sys/fs/cgroup/cpu.max", 2);  // time and period, or "max" and period
  if (share.size() < 2 || share[0] <= 0 || share[1] <= 0) return SIZE_MAX;
  return static_cast<size_t>((share[0] - 1) / share[1] + 1);
}

std::vector<int> usable(const std::string& root, const std::vector<int>& cores) {
  std::vector<int> result;
  std::vector<int64_t> taken;
  for (const int core : cores) {
    const int64_t whole = physical(root, core);
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
