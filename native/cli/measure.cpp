#include "measure.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

namespace dsnet::cli {
namespace {

constexpr int kLeastRounds = 3;
constexpr int kRoomForRounds = 1 << 16;  // of memory that is not touched before it is written

double now_ms() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double uptime_s() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// By linear interpolation between neighbouring ranks.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double rank = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - std::floor(rank)) * (sorted[above] - sorted[below]);
}

// So that no round waits for memory.
Measurement room_for(size_t rounds, const std::vector<int>& paths) {
  Measurement room;
  room.prefix.reserve(rounds * paths.size());
  room.gate.reserve(rounds * paths.size());
  room.paths.resize(paths.size());
  for (size_t i = 0; i < paths.size(); ++i) {
    room.paths[i].path = paths[i];
    room.paths[i].suffix.reserve(rounds);
    room.paths[i].total.reserve(rounds);
  }
  return room;
}

}  // namespace

Quartiles quartiles(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return {samples.front(), quantile(samples, 0.25), quantile(samples, 0.5), quantile(samples, 0.75)};
}

std::vector<float> synthetic_image(const dsnet_model_info& info) {
  constexpr int kCells = 8;  // each way
  std::mt19937 generator(0);
  const auto noise = [&] { return static_cast<float>(generator() % 4096) / 1024 - 2; };
  float cells[kCells][kCells][3];
  for (auto& row : cells) {
    for (auto& cell : row) {
      for (float& value : cell) value = noise();
    }
  }
  std::vector<float> image;
  image.reserve(static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3);
  for (int y = 0; y < info.height; ++y) {
    for (int x = 0; x < info.width; ++x) {
      for (const float value : cells[y * kCells / info.height][x * kCells / info.width]) image.push_back(value + noise() / 4);
    }
  }
  return image;
}

void warm_up(const Opened& opened, const std::vector<int>& paths, const std::vector<float>& image) {
  Result result = result_of(opened.info);
  for (const int path : paths) run(opened.session.get(), image.data(), path, result);
}

Opened open_and_run(const Options& options) {
  Opened opened;
  const double begin = now_ms();
  opened.model = open_model(options.model);
  opened.info = dsnet_model_get_info(opened.model.get());
  const double open = now_ms();
  opened.session = create_session(opened.model.get(), options.threads, options.cores, options.isa);
  const double created = now_ms();
  const std::vector<float> image = synthetic_image(opened.info);
  Result result = result_of(opened.info);
  const double ready = now_ms();
  run(opened.session.get(), image.data(), DSNET_PATH_AUTO, result);
  opened.first = {open - begin, created - open, now_ms() - ready};
  return opened;
}

int run_rounds(const Options& options, size_t n_paths, const std::function<void(size_t)>& body) {
  std::mt19937 generator(options.seed);
  std::vector<size_t> order(n_paths);
  std::iota(order.begin(), order.end(), size_t{0});
  const double deadline = options.seconds > 0 ? now_ms() + options.seconds * 1000 : INFINITY;
  int rounds = 0;
  for (; rounds < options.repeat && (rounds < kLeastRounds || now_ms() < deadline); ++rounds) {
    std::shuffle(order.begin(), order.end(), generator);
    for (const size_t i : order) body(i);
  }
  return rounds;
}

Measurement measure(const Options& options, const Opened& opened, const std::vector<int>& paths,
                    const std::vector<float>& image) {
  Measurement measured = room_for(static_cast<size_t>(std::min(options.repeat, kRoomForRounds)), paths);
  Result result = result_of(opened.info);
  dsnet_session* session = opened.session.get();

  measured.begin_uptime_s = uptime_s();
  measured.rounds = run_rounds(options, paths.size(), [&](size_t i) {
    const double begin = now_ms();
    run(session, image.data(), paths[i], result);
    measured.paths[i].total.push_back(now_ms() - begin);
    measured.paths[i].suffix.push_back(result.timing.suffix_ms);
    measured.prefix.push_back(result.timing.prefix_ms);
    measured.gate.push_back(result.timing.gate_ms);
  });
  measured.end_uptime_s = uptime_s();
  return measured;
}

}  // namespace dsnet::cli
