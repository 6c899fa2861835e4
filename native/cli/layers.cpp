#include "layers.h"

#include <algorithm>
#include <stdexcept>

#include "format.h"
#include "json.h"

namespace dsnet::cli {
namespace {

constexpr int kDigitsOfTimes = 6;

dsnet_peaks peaks_of(const Options& options, const dsnet_model_info& info) {
  char message[1024];
  dsnet_peaks peaks = {};
  const char* isa = options.isa.empty() ? nullptr : options.isa.c_str();
  if (dsnet_measure_peaks(isa, info.precision, &peaks, message, sizeof message) != DSNET_OK) throw std::runtime_error(message);
  return peaks;
}

std::vector<dsnet_op_info> infos_of(const dsnet_model* model, int path) {
  std::vector<dsnet_op_info> infos(static_cast<size_t>(dsnet_model_op_count(model)));
  for (size_t op = 0; op < infos.size(); ++op) dsnet_model_op_info(model, static_cast<int32_t>(op), path, &infos[op]);
  return infos;
}

}  // namespace

double PathLayers::total_ms() const {
  double total = 0;
  for (const Layer& layer : layers) total += layer.ms;
  return total;
}

Layers measure_layers(const Options& options, const Opened& opened, const std::vector<int>& paths,
                      const std::vector<float>& image) {
  const dsnet_peaks peaks = peaks_of(options, opened.info);
  const auto n_ops = static_cast<size_t>(dsnet_model_op_count(opened.model.get()));
  std::vector<std::vector<std::vector<double>>> samples(paths.size(), std::vector<std::vector<double>>(n_ops));
  std::vector<double> op_ms(n_ops);
  Result result = result_of(opened.info);
  dsnet_session* session = opened.session.get();

  dsnet_session_time_ops(session, op_ms.data(), static_cast<int32_t>(n_ops));
  const int rounds = run_rounds(options, paths.size(), [&](size_t i) {
    std::fill(op_ms.begin(), op_ms.end(), 0.0);
    run(session, image.data(), paths[i], result);
    for (size_t op = 0; op < n_ops; ++op) samples[i][op].push_back(op_ms[op]);
  });
  dsnet_session_time_ops(session, nullptr, 0);

  Layers layers = {peaks, rounds, {}};
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::vector<dsnet_op_info> infos = infos_of(opened.model.get(), paths[i]);
    PathLayers path = {paths[i], {}};
    for (size_t op = 0; op < n_ops; ++op) path.layers.push_back({infos[op], quartiles(samples[i][op]).median});
    layers.paths.push_back(path);
  }
  return layers;
}

double roofline_ms(const Layer& layer, const dsnet_peaks& peaks) {
  return std::max(static_cast<double>(layer.info.madds) / peaks.gmadds_per_s,
                  static_cast<double>(layer.info.bytes) / peaks.read_gb_per_s) /
         1e6;
}

std::string as_table(const Layers& layers) {
  std::string text = format("\nop by op, medians of %d runs; one core: %.1f G multiply-adds/s, %.1f GB/s read from memory\n",
                            layers.rounds, layers.peaks.gmadds_per_s, layers.peaks.read_gb_per_s);
  for (const PathLayers& path : layers.paths) {
    const double total = path.total_ms();
    text += format("\npath %d, %.4f ms\n%-32s %-11s %-6s %9s %6s %8s %9s %11s\n", path.path, total, "op", "kind", "stage", "ms",
                   "share", "MMAdds", "kB", "of roofline");
    for (const Layer& layer : path.layers) {
      text += format("%-32s %-11s %-6s %9.4f %5.1f%% %8.3f %9.1f %10.0f%%\n", layer.info.name, layer.info.kind,
                     layer.info.segment, layer.ms, 100 * layer.ms / total, static_cast<double>(layer.info.madds) / 1e6,
                     static_cast<double>(layer.info.bytes) / 1e3, 100 * roofline_ms(layer, layers.peaks) / layer.ms);
    }
  }
  return text + "\nbeyond 100%: its data came from a cache, or there were several threads\n";
}

std::string as_json(const Layers& layers) {
  std::vector<std::string> paths;
  paths.reserve(layers.paths.size());
  for (const PathLayers& path : layers.paths) {
    std::vector<std::string> ops;
    ops.reserve(path.layers.size());
    for (const Layer& layer : path.layers) {
      ops.push_back(json::object({{"name", json::string(layer.info.name)},
                                  {"kind", json::string(layer.info.kind)},
                                  {"segment", json::string(layer.info.segment)},
                                  {"ms", json::number(layer.ms, kDigitsOfTimes)},
                                  {"madds", json::number(static_cast<size_t>(layer.info.madds))},
                                  {"bytes", json::number(static_cast<size_t>(layer.info.bytes))}}));
    }
    paths.push_back(json::object({{"path", json::number(path.path)}, {"layers", json::array(ops)}}));
  }
  return json::object({{"peaks", json::object({{"gmadds_per_s", json::number(layers.peaks.gmadds_per_s)},
                                               {"read_gb_per_s", json::number(layers.peaks.read_gb_per_s)}})},
                       {"runs", json::number(layers.rounds)},
                       {"paths", json::array(paths)}});
}

}  // namespace dsnet::cli
