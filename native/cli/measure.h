// Times a model stage by stage.
#pragma once

#include <functional>

#include "engine.h"
#include "machine.h"
#include "options.h"

namespace dsnet::cli {

// Milliseconds.
struct Quartiles {
  double least, first, median, third;
};

// Of at least one sample.
Quartiles quartiles(std::vector<double> samples);

struct PathSamples {
  int path;
  std::vector<double> suffix, total;  // the total is prefix, gate, suffix and the copies between
};

struct FirstResult {
  double open_ms, create_ms, run_ms;
  double total_ms() const { return open_ms + create_ms + run_ms; }
};

// A model opened and run once, timed from before it was opened.
struct Opened {
  Model model;
  Session session;
  dsnet_model_info info;
  FirstResult first;
};

Opened open_and_run(const Options& options);

// An image of the model's size that nobody took: patches of colour, and noise. Of noise alone little is left behind a few layers
// of untrained weights, and processors are slow with numbers near zero (subnormal ones).
std::vector<float> synthetic_image(const dsnet_model_info& info);

// Every path once, so that all memory they need is resident.
void warm_up(const Opened& opened, const std::vector<int>& paths, const std::vector<float>& image);

// Every timed inference, in order.
struct Measurement {
  int rounds = 0;
  double begin_uptime_s = 0, end_uptime_s = 0;  // of the rounds; time asleep counts, as in /proc/uptime
  std::vector<double> prefix, gate;             // on whatever path
  std::vector<PathSamples> paths;
};

// Calls `body` with every index below n_paths, round after round, in an order that is drawn anew each time, as long as the
// options say. Returns how many rounds there were.
int run_rounds(const Options& options, size_t n_paths, const std::function<void(size_t)>& body);

// Times every path in rounds.
Measurement measure(const Options& options, const Opened& opened, const std::vector<int>& paths, const std::vector<float>& image);

}  // namespace dsnet::cli
