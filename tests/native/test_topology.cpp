// The big cores of recorded systems, and of systems that say nothing or nonsense.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "topology.h"

namespace {

using Cores = std::vector<int>;
using Files = std::map<std::string, std::string>;  // below /sys, and what they say

Cores range(int n) {
  Cores cores;
  for (int core = 0; core < n; ++core) cores.push_back(core);
  return cores;
}

// One file of every core, from a value a core.
Files each(const std::string& name, const std::vector<std::string>& values) {
  Files files;
  for (size_t core = 0; core < values.size(); ++core) {
    files["devices/system/cpu/cpu" + std::to_string(core) + "/" + name] = values[core] + "\n";
  }
  return files;
}

Files joined(std::initializer_list<Files> parts) {
  Files all;
  for (const Files& part : parts) all.insert(part.begin(), part.end());
  return all;
}

Cores big(const Files& files, const Cores& allowed) {
  std::string root = "/tmp/dsnet-topology-XXXXXX";
  if (!CHECK(mkdtemp(root.data()) != nullptr)) return {};
  for (const auto& [name, text] : files) {
    const std::filesystem::path file = std::filesystem::path(root) / "sys" / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const Cores cores = dsnet::big_cores(allowed, root);
  std::filesystem::remove_all(root);
  return cores;
}

const std::string kCapacity = "cpu_capacity", kFrequency = "cpufreq/cpuinfo_max_freq",
                  kSiblings = "topology/thread_siblings_list";

const Files kPi5 =
    joined({each(kCapacity, {"1024", "1024", "1024", "1024"}), each(kFrequency, {"2400000", "2400000", "2400000", "2400000"}),
            each(kSiblings, {"0", "1", "2", "3"})});
const Files kPi4 =
    joined({each(kFrequency, {"1800000", "1800000", "1800000", "1800000"}), each(kSiblings, {"0", "1", "2", "3"})});
const Files kPhone = joined({each(kCapacity, {"160", "160", "160", "160", "620", "620", "620", "1024"}),
                             each(kSiblings, {"0", "1", "2", "3", "4", "5", "6", "7"})});
const Files kOldPhone =
    each(kFrequency, {"1800000", "1800000", "1800000", "1800000", "2800000", "2800000", "2800000", "2840000"});
const Files kSmt = each(kSiblings, {"0,2", "1,3", "0,2", "1,3"});
const Files kSmtRange = each(kSiblings, {"0-1", "0-1", "2-3", "2-3"});

void test_recorded() {
  CHECK(big(kPi5, range(4)) == range(4));
  CHECK(big(kPi4, range(4)) == range(4));
  CHECK(big(kPhone, range(8)) == Cores({7, 4, 5, 6}));
  CHECK(big(kOldPhone, range(8)) == Cores({7, 4, 5, 6}));
  CHECK(big(kSmt, range(4)) == Cores({0, 1}));
  CHECK(big(kSmtRange, range(4)) == Cores({0, 2}));
}

void test_restricted() {
  CHECK(big(kPhone, {0, 1, 2, 5}) == Cores({5}));
  CHECK(big(kPhone, {0, 1}) == Cores({0, 1}));  // little ones only: they are all there is
  CHECK(big(kSmt, {2, 3}) == Cores({2, 3}));    // the first siblings belong to somebody else
  CHECK(big(kPi5, {3}) == Cores({3}));
  CHECK(big(joined({kPhone, {{"devices/system/cpu/cpu7/online", "0\n"}}}), range(8)) == Cores({4, 5, 6}));
  CHECK(big(joined({kPi5, {{"fs/cgroup/cpu.max", "150000 100000\n"}}}), range(4)) == Cores({0, 1}));
  CHECK(big(joined({kPi5, {{"fs/cgroup/cpu.max", "1000 100000\n"}}}), range(4)) == Cores({0}));
  CHECK(big(joined({kPi5, {{"fs/cgroup/cpu.max", "max 100000\n"}}}), range(4)) == range(4));
}

void test_missing_and_broken() {
  CHECK(big({}, range(3)) == range(3));
  CHECK(big({}, {}).empty());
  for (const std::string text : {"", "junk", "-5", "0", "99999999999999999999999", "\xff\xfe"}) {
    const std::vector<std::string> all(4, text);
    const Cores found = big(joined({each(kCapacity, all), each(kFrequency, all), {{"fs/cgroup/cpu.max", text}}}), range(4));
    CHECK(found == range(4));
    CHECK(!big(each(kSiblings, all), range(4)).empty());
  }
  Files partial = kPhone;  // one core says nothing, so nothing is known
  partial["devices/system/cpu/cpu0/" + kCapacity] = "";
  CHECK(big(partial, range(8)) == range(8));
  CHECK(big(joined({kPi5, each("online", {"0", "0", "0", "0"})}), range(4)) == range(4));
}

}  // namespace

int main() {
  test_recorded();
  test_restricted();
  test_missing_and_broken();
  const Cores here = dsnet::allowed_cores(), chosen = dsnet::big_cores(here);
  CHECK(!here.empty() && !chosen.empty() && chosen.size() <= here.size());
  return check::report("topology");
}
