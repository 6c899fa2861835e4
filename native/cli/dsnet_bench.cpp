// dsnet-bench: times every path of a model on a device, and checks that it computes what it should. See kUsage.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "options.h"
#include "report.h"

namespace {

using namespace dsnet::cli;

std::vector<int> chosen_paths(const Options& options, const dsnet_model_info& info) {
  std::vector<int> paths = options.paths;
  if (paths.empty()) {
    paths.resize(static_cast<size_t>(info.n_paths));
    std::iota(paths.begin(), paths.end(), 0);
  }
  for (const int path : paths) {
    if (path >= info.n_paths) {
      throw std::invalid_argument("--paths: " + options.model + " has paths 0 to " + std::to_string(info.n_paths - 1) +
                                  ", found " + std::to_string(path));
    }
  }
  return paths;
}

GoldenCheck check_golden(const Options& options, const Golden& golden, const Opened& opened) {
  const double tolerance = options.tolerance > 0 ? options.tolerance : usual_tolerance(opened.info.precision);
  const GoldenCheck check = {golden.count(), tolerance, worst_mismatch(golden, opened.session.get(), opened.info)};
  if (!check.passed()) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, "relative error %.3g, tolerance %g", check.worst.error, check.tolerance);
    throw std::runtime_error(
        "golden check failed: " + options.golden + "/" + check.worst.where + ": " + numbers +
        "; the model and the golden files differ, or this processor computes something else: please report it");
  }
  return check;
}

void write_file(const std::string& filename, const std::string& text) {
  const std::string temporary = filename + ".part";
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(temporary.c_str(), filename.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw std::runtime_error(filename + ": cannot be written");
  }
}

void bench(const Options& options) {
  const Machine machine = describe_machine();  // before this thread is pinned, which hides the other cores
  const Memory before = resident_memory();
  const Opened opened = open_and_run(options);
  const std::vector<int> paths = chosen_paths(options, opened.info);
  const std::vector<float> image = synthetic_image(opened.info);
  warm_up(opened, paths, image);
  const Memory memory = resident_memory() - before;
  check_model(opened.model.get());  // not before: it reads what the first result and a few paths may not need

  std::optional<GoldenCheck> golden;
  if (!options.golden.empty()) golden = check_golden(options, read_golden(options.golden, opened.info), opened);
  const Measurement measured = measure(options, opened, paths, image);
  std::optional<Layers> layers;
  if (options.layers) layers = measure_layers(options, opened, paths, image);
  const Report report = {options.model,   opened.info.name, dsnet_session_isa(opened.session.get()),
                         options.threads, options.cores,    opened.info,
                         machine,         opened.first,     memory,
                         golden,          measured,         options.samples,
                         layers};
  if (options.json != "-") std::cout << as_table(report);
  if (options.json == "-") std::cout << as_json(report);
  if (!options.json.empty() && options.json != "-") write_file(options.json, as_json(report));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse_options(argc, argv);
    if (options.help) {
      std::cout << kUsage;
      return 0;
    }
    bench(options);
    return 0;
  } catch (const std::invalid_argument& error) {
    std::cerr << "dsnet-bench: " << error.what() << "\n\n" << kUsage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "dsnet-bench: " << error.what() << "\n";
    return 1;
  }
}
