// Every int8 kernel this processor can run against its scalar twin, bit for bit: odd sizes, partial
// ranges, extreme zero points, saturation, weights wider than the path reads. What a kernel must not write is compared too.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "cpu.h"
#include "kernel_shapes.h"

namespace {

using dsnet::kPanel;
using dsnet::Range;
using test::Buffer;
using test::Floats;
using test::out_size;
using test::pick;
using test::pick_range;

const dsnet::Int8Kernels& kScalar = dsnet::kInt8ScalarKernels;

int pick_zero_point() { return pick(0, 3) == 0 ? 255 * pick(0, 1) - 128 : pick(-128, 127); }

// Integers in memory, once for the scalar kernels and once as the other table keeps them.
class Bytes {
 public:
  Bytes(size_t size, int least, const dsnet::Int8Kernels& kernels) : plain(size), flipped(size), flip_(kernels.flip) {
    const bool extreme = pick(0, 3) == 0;
    for (size_t i = 0; i < size; ++i) {
      plain[i] = static_cast<int8_t>(extreme ? (pick(0, 1) != 0 ? least : 127) : pick(least, 127));
      flipped[i] = static_cast<int8_t>(plain[i] ^ flip_);
    }
  }

  bool same() const {
    for (size_t i = 0; i < plain.size(); ++i) {
      if (plain[i] != static_cast<int8_t>(flipped[i] ^ flip_)) return false;
    }
    return true;
  }

  Buffer<int8_t> plain, flipped;

 private:
  uint8_t flip_;
};

constexpr size_t kGuard = 64;

// An output between guards.
struct Output : Bytes {
  Output(int size, const dsnet::Int8Kernels& kernels) : Bytes(static_cast<size_t>(size) + 2 * kGuard, -128, kernels) {}
  int8_t* expected() const { return plain.get() + kGuard; }
  int8_t* found() const { return flipped.get() + kGuard; }
};

size_t count(int a, int b = 1, int c = 1) { return static_cast<size_t>(a) * static_cast<size_t>(b) * static_cast<size_t>(c); }

// An epilogue whose results are spread over the range for sums of about `magnitude`.
struct Table {
  Floats scale, shift;
  Buffer<int32_t> sums;
  Buffer<int8_t> table;
  dsnet::Int8Epilogue epilogue;

  Table(int channels, float magnitude)
      : scale(count(channels)), shift(count(channels)), sums(count(channels)), table(256), epilogue{} {
    const float spread = pick(0, 4) == 0 ? 1e4F : 150;
    for (size_t c = 0; c < count(channels); ++c) scale[c] *= spread / magnitude, shift[c] *= 100;
    for (size_t i = 0; i < 256; ++i) table[i] = static_cast<int8_t>(pick(-128, 127));
    const int lo = pick(0, 2) == 0 ? pick(-128, 100) : -128;
    epilogue = {
        scale.get(), shift.get(), sums.get(), pick(0, 1) != 0 ? table.get() : nullptr, lo, pick(0, 2) == 0 ? pick(lo, 127) : 127};
  }
};

void compare(const char* kernel, const dsnet::Int8Kernels& kernels, bool equal, const char* shape) {
  if (!CHECK(equal)) std::printf("  %s %s: %s\n", kernels.name, kernel, shape);
}

void test_pointwise(const dsnet::Int8Kernels& kernels) {
  const int rows = pick(1, 33), k = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 40), panels = pick(1, 7);
  const int k_max = k + pick(0, 2) * pick(0, 9), groups = (k_max + 3) / 4;
  const int input_stride = (k + 15 + 16 * pick(0, 1)) / 16 * 16, output_stride = (panels + pick(0, 2)) * kPanel;
  const Bytes input(count(rows, input_stride), -128, kernels);
  const Bytes weights(count(panels, groups, 64), -127, kScalar);
  const Table table(panels * kPanel, 8000 * std::sqrt(static_cast<float>(k)));
  for (int o = 0; o < panels * kPanel; ++o) {
    int32_t sum = 0;
    for (int i = 0; i < k; ++i) sum += weights.plain[count(o / kPanel, groups, 64) + count(i / 4 * 64 + o % kPanel * 4 + i % 4)];
    table.sums[count(o)] = sum;
  }
  const Output output(rows * output_stride, kernels);
  dsnet::Int8Pointwise job = {input.plain.get(), input_stride,  pick_zero_point(), k, weights.plain.get(), ptrdiff_t{groups} * 64,
                              output.expected(), output_stride, table.epilogue};
  const Range row_range = pick_range(rows), panel_range = pick_range(panels);
  char shape[200];
  std::snprintf(shape, sizeof shape, "rows %d-%d of %d, k %d of %d, panels %d-%d of %d, zero point %d, table %d, %d to %d",
                row_range.begin, row_range.end, rows, k, k_max, panel_range.begin, panel_range.end, panels, job.input_zero_point,
                static_cast<int>(table.epilogue.table != nullptr), table.epilogue.lo, table.epilogue.hi);
  kScalar.pointwise(job, row_range, panel_range);
  job.input = input.flipped.get(), job.output = output.found();
  kernels.pointwise(job, row_range, panel_range);
  compare("pointwise", kernels, output.same(), shape);
}

void test_depthwise(const dsnet::Int8Kernels& kernels) {
  const bool large = pick(0, 19) == 0;  // wide enough to be taken in blocks of channels
  const int h = pick(1, 17), w = large ? pick(60, 130) : pick(1, 17), c = (large ? pick(3, 9) : pick(1, 6)) * kPanel;
  const dsnet::Window window = test::pick_window(h, w, pick(0, 3) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window), n_taps = window.kernel * window.kernel;
  const int taps_stride = c + pick(0, 2) * kPanel;
  const Bytes input(count(h, w, c), -128, kernels), taps(count(n_taps, taps_stride), -127, kScalar);
  const Table table(c, 8000 * static_cast<float>(window.kernel));
  for (int channel = 0; channel < c; ++channel) {
    int32_t sum = 0;
    for (int tap = 0; tap < n_taps; ++tap) sum += taps.plain[count(tap, taps_stride) + count(channel)];
    table.sums[count(channel)] = sum;
  }
  const Output output(out_h * out_w * c, kernels);
  dsnet::Int8Depthwise job = {
      input.plain.get(), h, w, c, c, pick_zero_point(), window, taps.plain.get(), taps_stride, output.expected(), out_w,
      table.epilogue};
  const Range rows = pick_range(out_h);
  char shape[200];
  std::snprintf(shape, sizeof shape, "%dx%dx%d, kernel %d stride %d padding %d, rows %d-%d, zero point %d, table %d", h, w, c,
                window.kernel, window.stride, window.padding, rows.begin, rows.end, job.input_zero_point,
                static_cast<int>(table.epilogue.table != nullptr));
  kScalar.depthwise(job, rows);
  job.input = input.flipped.get(), job.output = output.found();
  kernels.depthwise(job, rows);
  compare("depthwise", kernels, output.same(), shape);
}

void test_quantize(const dsnet::Int8Kernels& kernels) {
  const int n = pick(1, 300);
  const Floats input(count(n));
  if (pick(0, 3) == 0) input[count(pick(0, n - 1))] = pick(0, 1) != 0 ? INFINITY : -INFINITY;
  const Output output(n, kernels);
  const float inverse_scale = pick(0, 3) == 0 ? 1e30F : static_cast<float>(pick(1, 200));
  dsnet::Int8Quantize job = {input.get(), inverse_scale, pick_zero_point(), output.expected()};
  const Range range = pick_range(n);
  kScalar.quantize(job, range);
  job.output = output.found();
  kernels.quantize(job, range);
  compare("quantize", kernels, output.same(), "");
}

void test_channelwise(const dsnet::Int8Kernels& kernels) {
  const int pixels = pick(0, 9) == 0 ? pick(200, 900) : pick(1, 50), panels = pick(1, 9), c = panels * kPanel;
  const Bytes input(count(pixels, c), -128, kernels);
  const Range panel_range = pick_range(panels), pixel_range = pick_range(pixels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, %d channels", pixels, c);

  const Floats mean(count(c)), mean_expected(count(c));
  for (int i = 0; i < c; ++i) mean[count(i)] = mean_expected[count(i)];
  dsnet::Int8GlobalPool pool = {input.plain.get(), pixels, c, pick_zero_point(), 0.01F, mean_expected.get()};
  kScalar.global_pool(pool, panel_range);
  pool.input = input.flipped.get(), pool.output = mean.get();
  kernels.global_pool(pool, panel_range);
  bool equal = true;
  for (int i = 0; i < c; ++i) equal = equal && mean[count(i)] == mean_expected[count(i)];
  compare("global_pool", kernels, equal, shape);

  const Floats factor(count(c));
  if (pick(0, 3) == 0) {
    for (size_t i = 0; i < factor.size(); ++i) factor[i] *= pick(0, 1) != 0 ? 1e12F : 1e6F;
  }
  const Output output(pixels * c, kernels);
  dsnet::Int8Multiply product = {input.plain.get(), factor.get(),      c,    c,
                                 pick_zero_point(), pick_zero_point(), 0.9F, output.expected()};
  kScalar.multiply(product, pixel_range);
  product.input = input.flipped.get(), product.output = output.found();
  kernels.multiply(product, pixel_range);
  compare("multiply", kernels, output.same(), shape);
  product.input = product.output = output.expected();  // in place
  kScalar.multiply(product, pixel_range);
  product.input = product.output = output.found();
  kernels.multiply(product, pixel_range);
  compare("multiply in place", kernels, output.same(), shape);
}

void test_add(const dsnet::Int8Kernels& kernels) {
  const int pixels = pick(1, 50), c = pick(1, 9) * kPanel;
  const Bytes input(count(pixels, c), -128, kernels), other(count(pixels, c), -128, kernels);
  const Range range = pick_range(pixels);
  const float large = pick(0, 3) == 0 ? 1e9F : 1.0F;  // which saturates, or cancels
  const auto ratio = [&] { return large * static_cast<float>(pick(1, 40)) / 20; };
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, %d channels", pixels, c);
  const Output output(pixels * c, kernels);
  dsnet::Int8Add sum = {input.plain.get(), other.plain.get(), c,           pick_zero_point(),
                        pick_zero_point(), pick_zero_point(), ratio(),     ratio(),
                        output.expected(), pick(-128, 0),     pick(1, 127)};
  kScalar.add(sum, range);
  sum.input = input.flipped.get(), sum.other = other.flipped.get(), sum.output = output.found();
  kernels.add(sum, range);
  compare("add", kernels, output.same(), shape);
  sum.input = other.plain.get(), sum.other = sum.output = output.expected();  // in place
  kScalar.add(sum, range);
  sum.input = other.flipped.get(), sum.other = sum.output = output.found();
  kernels.add(sum, range);
  compare("add in place", kernels, output.same(), shape);
}

void test_max_pool(const dsnet::Int8Kernels& kernels) {
  const int h = pick(1, 12), w = pick(1, 20), c = pick(1, 5) * kPanel;
  const dsnet::Window window = test::pick_window(h, w, pick(0, 1) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window);
  const Bytes input(count(h, w, c), -128, kernels);
  const Output output(out_h * out_w * c, kernels);
  dsnet::Int8MaxPool job = {input.plain.get(), h, w, c, window, output.expected(), out_w};
  const Range rows = pick_range(out_h);
  kScalar.max_pool(job, rows);
  job.input = input.flipped.get(), job.output = output.found();
  kernels.max_pool(job, rows);
  compare("max_pool", kernels, output.same(), "");
}

void test_group_norm(const dsnet::Int8Kernels& kernels) {
  const int pixels = pick(0, 9) == 0 ? pick(200, 900) : pick(1, 50), panels = pick(1, 5), c = panels * kPanel;
  const Bytes input(count(pixels, c), -128, kernels);
  const Floats gamma(count(c)), beta(count(c));
  const Output output(pixels * c, kernels);
  const float scale = static_cast<float>(pick(1, 40)) / 300, out_scale = static_cast<float>(pick(1, 40)) / 1000;
  dsnet::Int8GroupNorm job = {input.plain.get(), pixels, c,           pick_zero_point(), pick_zero_point(), scale,
                              out_scale,         1e-5F,  gamma.get(), beta.get(),        output.expected(), pick(-128, 0),
                              pick(1, 127)};
  const Range range = pick_range(panels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, %d channels", pixels, c);
  kScalar.group_norm(job, range);
  job.input = input.flipped.get(), job.output = output.found();
  kernels.group_norm(job, range);
  compare("group_norm", kernels, output.same(), shape);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 3000;
  const char* best = dsnet::select_kernels(nullptr).int8.name;
  if (argc > 2 && !CHECK(std::strcmp(best, argv[2]) == 0)) std::printf("  expected %s, found %s\n", argv[2], best);
  for (const dsnet::Int8Kernels* kernels : dsnet::supported_int8_kernels()) {
    std::printf("%s\n", kernels->name);
    for (int round = 0; round < rounds; ++round) {
      test_pointwise(*kernels);
      test_depthwise(*kernels);
      test_quantize(*kernels);
      test_channelwise(*kernels);
      test_add(*kernels);
      test_max_pool(*kernels);
      test_group_norm(*kernels);
    }
  }
  return check::report("int8 kernels");
}
