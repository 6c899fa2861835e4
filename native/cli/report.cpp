#include "report.h"

#include "format.h"
#include "json.h"

namespace dsnet::cli {
namespace {

constexpr int kDigitsOfSamples = 6, kDigitsOfUptime = 12;

std::string text_row(const char* name, const Quartiles& times) {
  return format("%9s %10.4f %10.4f %10.4f %10.4f", name, times.median, times.first, times.third, times.least);
}

std::string threads_text(const Report& report) {
  std::string text = format("%d thread%s", report.threads, report.threads == 1 ? "" : "s");
  if (!report.cores.empty()) text += report.cores.size() == 1 ? ", core" : ", cores";
  for (const int core : report.cores) text += " " + std::to_string(core);
  return text;
}

std::string cores_text(const std::vector<int>& mhz) {
  std::string text = std::to_string(mhz.size()) + (mhz.size() == 1 ? " core" : " cores");
  for (size_t core = 0; core < mhz.size(); ++core) {
    if (mhz[core] > 0) text += (core == 0 ? ", MHz " : " ") + std::to_string(mhz[core]);
  }
  return text;
}

std::string json_of(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const int number : numbers) texts.push_back(json::number(number));
  return json::array(texts);
}

std::string json_of(const Quartiles& times) {
  return json::object({{"median", json::number(times.median)},
                       {"q1", json::number(times.first)},
                       {"q3", json::number(times.third)},
                       {"min", json::number(times.least)}});
}

std::string json_of(const Machine& machine) {
  return json::object({{"cpu", json::string(machine.cpu)},
                       {"architecture", json::string(machine.architecture)},
                       {"system", json::string(machine.system)},
                       {"core_mhz", json_of(machine.core_mhz)}});
}

std::string json_of(const FirstResult& first) {
  return json::object({{"open", json::number(first.open_ms)},
                       {"session", json::number(first.create_ms)},
                       {"run", json::number(first.run_ms)},
                       {"total", json::number(first.total_ms())}});
}

std::string json_of(const GoldenCheck& check) {
  return json::object({{"images", json::number(check.images)},
                       {"tolerance", json::number(check.tolerance)},
                       {"relative_error", json::number(check.worst.error)},
                       {"passed", json::boolean(check.passed())}});
}

std::string json_of(const dsnet_model_info& info, const Report& report) {
  return json::object({{"file", json::string(report.model_file)},
                       {"name", json::string(report.model_name)},
                       {"precision", json::string(info.precision)},
                       {"n_paths", json::number(info.n_paths)},
                       {"n_classes", json::number(info.n_classes)},
                       {"height", json::number(info.height)},
                       {"width", json::number(info.width)},
                       {"arena_bytes", json::number(info.arena_bytes)},
                       {"activation_bytes", json::number(info.activation_bytes)}});
}

std::string samples_json(const Measurement& measured) {
  const auto all = [](const std::vector<double>& times) { return json::array(times, kDigitsOfSamples); };
  std::vector<std::string> paths;
  paths.reserve(measured.paths.size());
  for (const PathSamples& times : measured.paths) {
    paths.push_back(
        json::object({{"path", json::number(times.path)}, {"suffix_ms", all(times.suffix)}, {"total_ms", all(times.total)}}));
  }
  return json::object({{"prefix_ms", all(measured.prefix)}, {"gate_ms", all(measured.gate)}, {"paths", json::array(paths)}});
}

}  // namespace

std::string as_table(const Report& report) {
  const Machine& machine = report.machine;
  std::string text = report.model_name + ", " + report.info.precision + ", " + report.isa + ", " + threads_text(report) + "\n" +
                     machine.cpu + ", " + machine.architecture + ", " + cores_text(machine.core_mhz) + ", " + machine.system +
                     "\n";
  text += format("open %.2f ms + session %.2f ms + first run %.2f ms = %.2f ms to the first result\n", report.first.open_ms,
                 report.first.create_ms, report.first.run_ms, report.first.total_ms());
  text += format("resident after all paths: %.1f MB allocated, %.1f MB mapped; weight arena %.1f MB, activations %.1f MB\n",
                 static_cast<double>(report.memory.anonymous_bytes) / 1e6, static_cast<double>(report.memory.file_bytes) / 1e6,
                 static_cast<double>(report.info.arena_bytes) / 1e6, static_cast<double>(report.info.activation_bytes) / 1e6);
  if (report.golden) {
    text += format("golden: %zu images on every path, largest relative error %.2g, tolerance %g\n", report.golden->images,
                   report.golden->worst.error, report.golden->tolerance);
  }
  text += format("\n%d runs of each path, ms\n%9s %10s %10s %10s %10s   %s\n", report.measurement.rounds, "", "median", "q1",
                 "q3", "min", "suffix alone");
  text += text_row("prefix", quartiles(report.measurement.prefix)) + "\n";
  text += text_row("gate", quartiles(report.measurement.gate)) + "\n";
  for (const PathSamples& times : report.measurement.paths) {
    text += text_row(("path " + std::to_string(times.path)).c_str(), quartiles(times.total));
    text += format("   %10.4f\n", quartiles(times.suffix).median);
  }
  if (report.layers) text += as_table(*report.layers);
  return text;
}

std::string as_json(const Report& report) {
  const Measurement& measured = report.measurement;
  std::vector<std::string> paths;
  paths.reserve(measured.paths.size());
  for (const PathSamples& times : measured.paths) {
    paths.push_back(json::object({{"path", json::number(times.path)},
                                  {"suffix_ms", json_of(quartiles(times.suffix))},
                                  {"total_ms", json_of(quartiles(times.total))}}));
  }
  return json::object({{"tool", json::string("dsnet-bench")},
                       {"machine", json_of(report.machine)},
                       {"model", json_of(report.info, report)},
                       {"isa", json::string(report.isa)},
                       {"threads", json::number(report.threads)},
                       {"cores", json_of(report.cores)},
                       {"runs", json::number(measured.rounds)},
                       {"begin_uptime_s", json::number(measured.begin_uptime_s, kDigitsOfUptime)},
                       {"end_uptime_s", json::number(measured.end_uptime_s, kDigitsOfUptime)},
                       {"first_result_ms", json_of(report.first)},
                       {"memory_bytes", json::object({{"anonymous", json::number(report.memory.anonymous_bytes)},
                                                      {"file", json::number(report.memory.file_bytes)}})},
                       {"golden", report.golden ? json_of(*report.golden) : "null"},
                       {"prefix_ms", json_of(quartiles(measured.prefix))},
                       {"gate_ms", json_of(quartiles(measured.gate))},
                       {"paths", json::array(paths)},
                       {"samples", report.with_samples ? samples_json(measured) : "null"},
                       {"layers", report.layers ? as_json(*report.layers) : "null"}}) +
         "\n";
}

}  // namespace dsnet::cli
