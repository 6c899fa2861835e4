// The command line of dsnet-bench.
#pragma once

#include <string>
#include <vector>

namespace dsnet::cli {

struct Options {
  std::string model;
  int threads = 1;
  std::vector<int> cores;  // one a thread; empty: the system chooses
  std::string isa;         // empty: the best the processor has
  std::vector<int> paths;  // empty: all
  int repeat = 50;
  double seconds = 0;    // 0: no limit
  unsigned seed = 0;     // of the order of paths
  std::string golden;    // empty: no check
  double tolerance = 0;  // 0: the precision's own
  std::string json;      // "-": standard output
  bool samples = false;  // every time, in the record
  bool layers = false;   // op by op, too
  bool help = false;
};

extern const char* const kUsage;

// Throws std::invalid_argument that names the option.
Options parse_options(int argc, const char* const* argv);

}  // namespace dsnet::cli
