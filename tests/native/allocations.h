// Counts the heap allocations of the program, and lets them fail. Link with the --wrap options of CMakeLists.txt.
#pragma once

#include <climits>

namespace test {

long allocations();

// While it lives, the first `granted` allocations succeed and the next `refused` fail.
class Outage {
 public:
  explicit Outage(long granted, long refused = LONG_MAX);
  Outage(const Outage&) = delete;
  Outage& operator=(const Outage&) = delete;
  ~Outage();
};

}  // namespace test
