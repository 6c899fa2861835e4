#include "machine.h"

#include <sys/utsname.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace dsnet::cli {
namespace {

// What follows `key` and its colon on the first such line of a file.
std::string field(const char* filename, const std::string& key) {
  std::ifstream file(filename);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (line.compare(0, key.size(), key) != 0 || colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

// x86 tells the processor's name, a Pi the board's, other ARM systems the numbers of maker and part.
std::string cpu_name() {
  std::string name = field("/proc/cpuinfo", "model name");
  if (!name.empty()) return name;
  std::ifstream board("/proc/device-tree/model");
  if (std::getline(board, name, '\0') && !name.empty()) return name;
  const std::string maker = field("/proc/cpuinfo", "CPU implementer"), part = field("/proc/cpuinfo", "CPU part");
  return maker.empty() ? "unknown" : "implementer " + maker + ", part " + part;
}

int max_mhz(unsigned core) {
  std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(core) + "/cpufreq/cpuinfo_max_freq");
  int khz = 0;
  return file >> khz ? khz / 1000 : 0;
}

}  // namespace

Machine describe_machine() {
  Machine machine;
  machine.cpu = cpu_name();
  utsname system = {};
  if (uname(&system) == 0) {
    machine.architecture = system.machine;
    machine.system = std::string(system.sysname) + " " + system.release;
  }
  for (unsigned core = 0; core < std::thread::hardware_concurrency(); ++core) machine.core_mhz.push_back(max_mhz(core));
  return machine;
}

Memory resident_memory() {
  const auto kilobytes = [](const char* key) {
    size_t value = 0;
    std::istringstream(field("/proc/self/smaps_rollup", key)) >> value;
    return value * 1024;
  };
  const size_t resident = kilobytes("Rss"), anonymous = kilobytes("Anonymous");
  return {anonymous, resident > anonymous ? resident - anonymous : 0};
}

Memory operator-(const Memory& after, const Memory& before) {
  const auto added = [](size_t now, size_t then) { return now > then ? now - then : 0; };
  return {added(after.anonymous_bytes, before.anonymous_bytes), added(after.file_bytes, before.file_bytes)};
}

}  // namespace dsnet::cli
