#include "options.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace dsnet::cli {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& expected, const std::string& found) {
  throw std::invalid_argument(option + ": expected " + expected + ", found '" + found + "'");
}

double number(const std::string& option, const std::string& text, double least, double most) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || std::isnan(value) || value < least || value > most) {
    refuse(option, "a number from " + std::to_string(least) + " to " + std::to_string(most), text);
  }
  return value;
}

int whole_number(const std::string& option, const std::string& text, int least, int most) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != 0 || value < least || value > most) {
    refuse(option, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), text);
  }
  return static_cast<int>(value);
}

std::vector<std::string> between_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

std::vector<int> path_list(const std::string& text) {
  std::vector<int> paths;
  if (text == "all") return paths;
  for (const std::string& part : between_commas(text)) paths.push_back(whole_number("--paths", part, 0, 1 << 20));
  return paths;
}

// As `dsnet-edge run --cores` takes them (dsnet_edge/runtime/cores.py).
std::vector<int> core_list(const std::string& text) {
  const auto number = [&](const std::string& digits) {
    if (digits.empty() || digits.size() > 4 || digits.find_first_not_of("0123456789") != std::string::npos) {
      refuse("--cores", "core numbers such as 4-7 or 0,2,5-6", text);
    }
    return std::stoi(digits);
  };
  std::vector<int> cores;
  for (const std::string& part : between_commas(text)) {
    const size_t begin = std::min(part.find_first_not_of(' '), part.size()), end = part.find_last_not_of(' ') + 1;
    const size_t dash = std::min(part.find('-', begin), end);
    const int first = number(part.substr(begin, dash - begin));
    const int last = dash == end ? first : number(part.substr(dash + 1, end - dash - 1));
    if (last < first) refuse("--cores", "the lower number first", text);
    for (int core = first; core <= last; ++core) cores.push_back(core);
  }
  return cores;
}

}  // namespace

const char* const kUsage =
    "usage: dsnet-bench MODEL.dsnet [options]\n"
    "\n"
    "Times the prefix, the gate and the suffix on every path of a model, in random order.\n"
    "\n"
    "  --threads N       threads (1)\n"
    "  --cores LIST      instead: pin one thread to each of these, such as 4-7 or 0,2\n"
    "  --paths LIST      such as 0,6,13, or all (all)\n"
    "  --repeat N        timed runs of each path (50)\n"
    "  --seconds S       stop after S seconds, though not before 3 runs of each path\n"
    "  --seed N          of the order of the paths (0)\n"
    "  --isa NAME        instruction set (the best the processor has)\n"
    "  --golden FOLDER   compare with BUNDLE/golden: images.npy, scores.npy, logits.npy\n"
    "  --tolerance T     largest error, relative to the largest expected magnitude\n"
    "                    (fp32 1e-4, fp16 2e-3, bf16 2e-2, int8 0.1)\n"
    "  --json FILE       write the record; - is standard output, without the table\n"
    "  --layers          afterwards time every op of the paths, in as many runs again,\n"
    "                    and compare it with the peaks of one core\n"
    "  --samples         put the time of every inference into the record, in order\n"
    "\n"
    "Exit status: 0 done, 1 the model, a file or the golden check failed, 2 the command line is wrong.\n";

Options parse_options(int argc, const char* const* argv) {
  Options options;
  bool threads_given = false;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return options;
    }
    if (name.empty() || name[0] != '-') {
      if (!options.model.empty())
        throw std::invalid_argument("one model at a time, found '" + options.model + "' and '" + name + "'");
      options.model = name;
      continue;
    }
    const auto is = [&](const char* option) { return name == option; };
    if (is("--samples") || is("--layers")) {
      (is("--samples") ? options.samples : options.layers) = true;
      continue;
    }
    if (!(is("--threads") || is("--cores") || is("--paths") || is("--repeat") || is("--seconds") || is("--seed") || is("--isa") ||
          is("--golden") || is("--tolerance") || is("--json"))) {
      throw std::invalid_argument("unknown option '" + name + "'");
    }
    if (i + 1 == argc) throw std::invalid_argument(name + ": its value is missing");
    const std::string value = argv[++i];
    if (is("--threads")) {
      options.threads = whole_number(name, value, 1, 256);
      threads_given = true;
    }
    if (is("--cores")) options.cores = core_list(value);
    if (is("--paths")) options.paths = path_list(value);
    if (is("--repeat")) options.repeat = whole_number(name, value, 1, 1000000);
    if (is("--seconds")) options.seconds = number(name, value, 0.001, 1e6);
    if (is("--seed")) options.seed = static_cast<unsigned>(whole_number(name, value, 0, INT_MAX));
    if (is("--isa")) options.isa = value;
    if (is("--golden")) options.golden = value;
    if (is("--tolerance")) options.tolerance = number(name, value, 1e-9, 1);
    if (is("--json")) options.json = value;
  }
  if (options.model.empty()) throw std::invalid_argument("the model is missing");
  if (options.samples && options.json.empty()) {
    throw std::invalid_argument("--samples go into the record; add --json FILE, or --json -");
  }
  if (!options.cores.empty()) {
    if (threads_given) throw std::invalid_argument("--cores already says how many threads there are; leave out --threads");
    options.threads = static_cast<int>(options.cores.size());
  }
  return options;
}

}  // namespace dsnet::cli
