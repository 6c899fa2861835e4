// Every bf16 and fp16 kernel this processor can run against its scalar twin: odd sizes, partial ranges, weights wider than the
// path reads, lanes behind the channels that are not numbers. What a kernel must not write is compared too.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "cpu.h"
#include "half_convert.h"
#include "kernel_shapes.h"

namespace {

using dsnet::Bf16;
using dsnet::Fp16;
using dsnet::kPanel;
using dsnet::Range;
using dsnet::to_float;
using test::Buffer;
using test::Floats;
using test::out_size;
using test::pick;
using test::pick_range;

template <class Map>
constexpr bool kIsBf16 = std::is_same_v<Map, Bf16>;

template <class Map>
const dsnet::HalfKernels<Map>& scalar() {
  if constexpr (kIsBf16<Map>) {
    return dsnet::kBf16ScalarKernels;
  } else {
    return dsnet::kFp16ScalarKernels;
  }
}

size_t count(int a, int b = 1, int c = 1) { return static_cast<size_t>(a) * static_cast<size_t>(b) * static_cast<size_t>(c); }

template <class Map>
Map rounded(float x) {
  Map result;
  dsnet::round_to(x, result);
  return result;
}

// Random numbers in -1 to 1.
template <class Map>
class Halves : public Buffer<Map> {
 public:
  explicit Halves(size_t size) : Buffer<Map>(size) {
    const Floats floats(size);
    for (size_t i = 0; i < size; ++i) (*this)[i] = rounded<Map>(floats[i]);
  }
};

// Pixels of `c` channels; what lies between them and the stride is not a number.
template <class Map>
struct Pixels : Halves<Map> {
  Pixels(int pixels, int c, int stride) : Halves<Map>(count(pixels, stride)) {
    for (int i = 0; i < pixels; ++i) {
      for (int lane = c; lane < stride; ++lane) (*this)[count(i, stride) + count(lane)] = rounded<Map>(NAN);
    }
  }
};

// An output between guards. Two of them begin equal, so that whatever a kernel leaves alone stays equal.
template <class Map>
class Output {
 public:
  explicit Output(int size) : data_(count(size) + 2 * kGuard) {
    for (size_t i = 0; i < data_.size(); ++i) data_[i] = rounded<Map>(static_cast<float>(i % 64 + 64));
  }
  Map* get() const { return data_.get() + kGuard; }
  size_t size() const { return data_.size(); }
  float operator[](size_t i) const { return to_float(data_[i]); }
  bool equals(const Output& other) const { return std::memcmp(data_.get(), other.data_.get(), size() * sizeof(Map)) == 0; }

 private:
  static constexpr size_t kGuard = 64;
  Buffer<Map> data_;
};
struct Table {
  Floats scale, shift;
  dsnet::Epilogue epilogue;

  explicit Table(int channels)
      : scale(count(channels)),
        shift(count(channels)),
        epilogue{pick(0, 3) != 0 ? scale.get() : nullptr, pick(0, 3) != 0 ? shift.get() : nullptr,
                 static_cast<dsnet::Activation>(pick(0, 5))} {}
};

// A result may be the neighbour of the expected one, as sums in another order round otherwise. Beyond that, `noise` is what the
// sum itself may be off by.
template <class Map>
void compare(const char* kernel, const dsnet::HalfKernels<Map>& kernels, const Output<Map>& found, const Output<Map>& expected,
             float noise, const char* shape) {
  constexpr float kStep = kIsBf16<Map> ? 0x1p-7F : 0x1p-10F;
  for (size_t i = 0; i < found.size(); ++i) {
    const float a = found[i], b = expected[i];
    if (!CHECK(std::fabs(a - b) <= kStep * std::fabs(b) + noise)) {
      std::printf("  %s %s: %g, expected %g; %s\n", kernels.name, kernel, static_cast<double>(a), static_cast<double>(b), shape);
      return;
    }
  }
}

constexpr float kNoise = 3e-5F;

// Of fp16 sums: each step rounds to 2^-11 of a sum of random products below one, up to 64 of them (docs/format.md).
template <class Map>
float gemm_noise(const dsnet::HalfKernels<Map>& kernels, int k) {
  if (std::strcmp(kernels.name, "neon-fp16") != 0) return kNoise;
  return 0x1p-11F * std::sqrt(static_cast<float>(k < 64 ? k * k : 64 * k));
}

template <class Map>
void compare(const char* kernel, const dsnet::HalfKernels<Map>& kernels, const Output<float>& found,
             const Output<float>& expected, float noise, const char* shape) {
  for (size_t i = 0; i < found.size(); ++i) {
    if (!CHECK(std::fabs(found[i] - expected[i]) <= noise * std::fmax(1, std::fabs(expected[i])))) {
      std::printf("  %s %s: %s\n", kernels.name, kernel, shape);
      return;
    }
  }
}

template <class Map>
void test_gemm(const dsnet::HalfKernels<Map>& kernels) {
  const int rows = pick(1, 33), k = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 40), panels = pick(1, 7);
  const int k_max = k + pick(0, 2) * pick(0, 9), steps = kIsBf16<Map> ? (k_max + 1) / 2 * 2 : k_max;
  const int input_stride = (k + 15 + 16 * pick(0, 1)) / 16 * 16, output_stride = (panels + pick(0, 2)) * kPanel;
  const Pixels<Map> input(rows, k, input_stride);
  const Halves<Map> weights(count(panels, steps, kPanel));
  const Table table(panels * kPanel);
  const Output<Map> found(rows * output_stride), expected(rows * output_stride);
  dsnet::GemmOf<Map> job = {input.get(),   input_stride,  k, {weights.get(), ptrdiff_t{steps} * kPanel}, expected.get(),
                            output_stride, table.epilogue};
  const Range row_range = pick_range(rows), panel_range = pick_range(panels);
  char shape[160];
  std::snprintf(shape, sizeof shape, "rows %d-%d of %d, k %d of %d, panels %d-%d of %d, activation %d", row_range.begin,
                row_range.end, rows, k, k_max, panel_range.begin, panel_range.end, panels,
                static_cast<int>(table.epilogue.activation));
  scalar<Map>().gemm(job, row_range, panel_range);
  job.output = found.get();
  kernels.gemm(job, row_range, panel_range);
  compare("gemm", kernels, found, expected, gemm_noise(kernels, k), shape);

  const Output<Map> whole(rows * output_stride), parts(rows * output_stride);
  job.output = whole.get();
  kernels.gemm(job, {0, rows}, {0, panels});
  job.output = parts.get();
  for (int row = 0; row < rows; ++row) {
    for (int panel = 0; panel < panels; ++panel) kernels.gemm(job, {row, row + 1}, {panel, panel + 1});
  }
  CHECK(parts.equals(whole));
}

template <class Map>
void test_linear(const dsnet::HalfKernels<Map>& kernels) {
  const int k = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 40), panels = pick(1, 9), wider = pick(0, 2) * pick(0, 9);
  const Halves<Map> weights(count(panels, k + wider, kPanel));
  const Floats input(count(k));
  const Table table(panels * kPanel);
  const Output<float> expected(panels * kPanel), found(panels * kPanel), pieces(panels * kPanel);
  dsnet::LinearOf<Map> job = {input.get(), k, weights.get(), ptrdiff_t{k + wider} * kPanel, expected.get(), table.epilogue};
  char shape[80];
  std::snprintf(shape, sizeof shape, "k %d of %d, %d panels", k, k + wider, panels);
  scalar<Map>().linear(job, {0, panels});
  job.output = found.get();
  kernels.linear(job, {0, panels});
  compare("linear", kernels, found, expected, kNoise, shape);
  job.output = pieces.get();
  for (int panel = 0; panel < panels; ++panel) kernels.linear(job, {panel, panel + 1});
  CHECK(pieces.equals(found));
}

// Of an image of floats, or of a map.
template <class Map, class In, class Kernel>
void test_conv2d(const dsnet::HalfKernels<Map>& kernels, const Buffer<In>& input, dsnet::Conv2dOf<In, Map> job, Kernel kernel,
                 Kernel scalar_kernel) {
  const int panels = pick(1, 4), steps = job.window.kernel * job.window.kernel * job.c_in, out_h = out_size(job.h, job.window);
  const Floats weights(count(panels, steps, kPanel));
  const Table table(panels * kPanel);
  job.input = input.get();
  job.weights = {weights.get(), ptrdiff_t{steps} * kPanel};
  job.out_w = out_size(job.w, job.window);
  job.output_stride = ptrdiff_t{panels} * kPanel;
  job.epilogue = table.epilogue;
  const Output<Map> found(out_h * job.out_w * panels * kPanel), expected(out_h * job.out_w * panels * kPanel);
  const Range rows = pick_range(out_h), panel_range = pick_range(panels);
  char shape[160];
  std::snprintf(shape, sizeof shape, "%dx%dx%d, kernel %d stride %d padding %d, rows %d-%d, panels %d-%d", job.h, job.w, job.c_in,
                job.window.kernel, job.window.stride, job.window.padding, rows.begin, rows.end, panel_range.begin,
                panel_range.end);
  job.output = expected.get();
  scalar_kernel(job, rows, panel_range);
  job.output = found.get();
  kernel(job, rows, panel_range);
  compare("conv2d", kernels, found, expected, kNoise, shape);
}

template <class Map>
void test_conv2d(const dsnet::HalfKernels<Map>& kernels) {
  const int h = pick(1, 12), w = pick(1, 40), c = test::pick_inputs();
  const dsnet::Window window = test::pick_window(h, w, false);
  dsnet::Conv2dOf<float, Map> of_image = {};
  dsnet::Conv2dOf<Map, Map> of_map = {};
  of_image.h = of_map.h = h, of_image.w = of_map.w = w, of_image.c_in = of_map.c_in = c;
  of_image.window = of_map.window = window;
  of_image.input_stride = c, of_map.input_stride = c > 5 ? c : kPanel;
  test_conv2d(kernels, Floats(count(h, w, c)), of_image, kernels.conv2d_image, scalar<Map>().conv2d_image);
  test_conv2d(kernels, Pixels<Map>(h * w, c, static_cast<int>(of_map.input_stride)), of_map, kernels.conv2d,
              scalar<Map>().conv2d);
}

template <class Map>
void test_depthwise(const dsnet::HalfKernels<Map>& kernels) {
  const bool large = pick(0, 19) == 0;  // wide enough to be taken in blocks of channels
  const int h = pick(1, 12), w = large ? pick(60, 130) : pick(1, 30), c = (large ? pick(3, 9) : pick(1, 3)) * kPanel;
  const dsnet::Window window = test::pick_window(h, w, pick(0, 3) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window), taps_stride = c + pick(0, 2) * kPanel;
  const Halves<Map> input(count(h, w, c));
  const Floats taps(count(window.kernel * window.kernel, taps_stride));
  const Table table(c);
  const Output<Map> found(out_h * out_w * c), expected(out_h * out_w * c);
  const Output<float> sums(out_h * c), sums_expected(out_h * c);
  dsnet::DepthwiseOf<Map> job = {input.get(),    h,      w, c, c, window, taps.get(), taps_stride, expected.get(), out_w,
                                 table.epilogue, nullptr};
  const bool with_sums = pick(0, 1) == 0;
  const Range rows = pick_range(out_h);
  char shape[160];
  std::snprintf(shape, sizeof shape, "%dx%dx%d, kernel %d stride %d padding %d, rows %d-%d", h, w, c, window.kernel,
                window.stride, window.padding, rows.begin, rows.end);
  if (with_sums) job.row_sums = sums_expected.get();
  scalar<Map>().depthwise(job, rows);
  job.output = found.get();
  if (with_sums) job.row_sums = sums.get();
  kernels.depthwise(job, rows);
  compare("depthwise", kernels, found, expected, kNoise, shape);
  compare("row sums of depthwise", kernels, sums, sums_expected, kNoise, shape);
}

template <class Map>
void test_channelwise(const dsnet::HalfKernels<Map>& kernels) {
  const int pixels = pick(1, 50), panels = pick(1, 6), c = panels * kPanel;
  const Halves<Map> input(count(pixels, c));
  const Floats factor(count(c));
  const Range panel_range = pick_range(panels), pixel_range = pick_range(pixels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, %d channels", pixels, c);
  const Output<float> mean(c), mean_expected(c);
  scalar<Map>().global_pool({input.get(), pixels, c, mean_expected.get(), 1 / float(pixels)}, panel_range);
  kernels.global_pool({input.get(), pixels, c, mean.get(), 1 / float(pixels)}, panel_range);
  compare("global_pool", kernels, mean, mean_expected, kNoise, shape);
  const Output<Map> product(pixels * c), product_expected(pixels * c);
  scalar<Map>().multiply({input.get(), factor.get(), c, c, product_expected.get()}, pixel_range);
  kernels.multiply({input.get(), factor.get(), c, c, product.get()}, pixel_range);
  CHECK(product.equals(product_expected));
  for (Map* in_place : {product.get(), product_expected.get()}) std::memcpy(in_place, input.get(), input.size() * sizeof(Map));
  scalar<Map>().multiply({product_expected.get(), factor.get(), c, c, product_expected.get()}, pixel_range);
  kernels.multiply({product.get(), factor.get(), c, c, product.get()}, pixel_range);
  CHECK(product.equals(product_expected));
  const Output<Map> sum(pixels * c), sum_expected(pixels * c);
  const auto activation = static_cast<dsnet::Activation>(pick(0, 2));  // the exact ones
  scalar<Map>().add({input.get(), product.get(), c, activation, sum_expected.get()}, pixel_range);
  kernels.add({input.get(), product.get(), c, activation, sum.get()}, pixel_range);
  CHECK(sum.equals(sum_expected));
  scalar<Map>().add({sum_expected.get(), input.get(), c, activation, sum_expected.get()}, pixel_range);  // in place
  kernels.add({sum.get(), input.get(), c, activation, sum.get()}, pixel_range);
  CHECK(sum.equals(sum_expected));
}

template <class Map>
void test_max_pool(const dsnet::HalfKernels<Map>& kernels) {
  const int h = pick(1, 12), w = pick(1, 20), c = pick(1, 5) * kPanel;
  const dsnet::Window window = test::pick_window(h, w, pick(0, 1) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window);
  const Halves<Map> input(count(h, w, c));
  const Output<Map> found(out_h * out_w * c), expected(out_h * out_w * c);
  dsnet::MaxPoolOf<Map> job = {input.get(), h, w, c, window, expected.get(), out_w};
  const Range rows = pick_range(out_h);
  scalar<Map>().max_pool(job, rows);
  job.output = found.get();
  kernels.max_pool(job, rows);
  CHECK(found.equals(expected));
}

template <class Map>
void test_group_norm(const dsnet::HalfKernels<Map>& kernels) {
  const int pixels = pick(1, 50), panels = pick(1, 9), c = panels * kPanel;
  const Halves<Map> input(count(pixels, c));
  const Floats scale(count(c)), shift(count(c));
  const Output<Map> found(pixels * c), expected(pixels * c);
  const dsnet::Epilogue affine = {scale.get(), shift.get(), static_cast<dsnet::Activation>(pick(0, 5))};
  dsnet::GroupNormOf<Map> job = {input.get(), pixels, c, 1e-5F, expected.get(), affine};
  const Range range = pick_range(panels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, panels %d-%d of %d", pixels, range.begin, range.end, panels);
  scalar<Map>().group_norm(job, range);
  job.output = found.get();
  kernels.group_norm(job, range);
  compare("group_norm", kernels, found, expected, kNoise, shape);
}

// Every number there is times factors that try all ways to round: the same bits, unless a subnormal number counts as zero.
template <class Map>
void test_every_number(const dsnet::HalfKernels<Map>& kernels) {
  constexpr int kNumbers = 1 << 16;
  const Buffer<Map> input(kNumbers), found(kNumbers), expected(kNumbers);
  for (int i = 0; i < kNumbers; ++i) input[count(i)].bits = static_cast<uint16_t>(i);
  const Floats factor(kPanel);
  for (const float scale : {1.0F, 2.0F, 1e-3F, 1e3F}) {
    for (int c = 0; c < kPanel; ++c) factor[count(c)] = scale == 1 ? 1 : scale * factor[count(c)];
    scalar<Map>().multiply({input.get(), factor.get(), kPanel, kPanel, expected.get()}, {0, kNumbers / kPanel});
    kernels.multiply({input.get(), factor.get(), kPanel, kPanel, found.get()}, {0, kNumbers / kPanel});
    for (int i = 0; i < kNumbers; ++i) {
      const float a = to_float(found[count(i)]), b = to_float(expected[count(i)]);
      const bool vanishes = kIsBf16<Map> && a == 0 && std::fabs(b) <= 0x1p-126F;
      const bool same = found[count(i)].bits == expected[count(i)].bits;
      if (!CHECK(same || vanishes || (std::isnan(a) && std::isnan(b)))) {
        std::printf("  %s: bits %04x times %g: %g, expected %g\n", kernels.name, static_cast<unsigned>(i),
                    static_cast<double>(factor[count(i % kPanel)]), static_cast<double>(a), static_cast<double>(b));
      }
    }
  }
}

// The scalar conversions, which all else is compared with.
template <class Map>
void test_conversions() {
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
    const float x = to_float(Map{static_cast<uint16_t>(bits)});
    CHECK(std::isnan(x) ? std::isnan(to_float(rounded<Map>(x))) : rounded<Map>(x).bits == bits);
  }
  const float step = kIsBf16<Map> ? 0x1p-7F : 0x1p-10F;
  CHECK(to_float(rounded<Map>(1 + step / 2)) == 1 && to_float(rounded<Map>(1 + 1.5F * step)) == 1 + 2 * step);  // ties to even
  CHECK(to_float(rounded<Map>(1 + 0.51F * step)) == 1 + step && to_float(rounded<Map>(-1 - 0.49F * step)) == -1);
  CHECK(std::isinf(to_float(rounded<Map>(3.4e38F))) && to_float(rounded<Map>(-1e-44F)) == 0);
  if constexpr (!kIsBf16<Map>) {
    CHECK(to_float(rounded<Map>(65519.9F)) == 65504 && std::isinf(to_float(rounded<Map>(65520))));
    CHECK(to_float(rounded<Map>(0x1.8p-25F)) == 0x1p-24F && to_float(rounded<Map>(0x1p-25F)) == 0);
  }
}

template <class Map>
void test_tables(const std::vector<const dsnet::HalfKernels<Map>*>& tables, int rounds) {
  test_conversions<Map>();
  for (const dsnet::HalfKernels<Map>* kernels : tables) {
    std::printf("%s: %s\n", kIsBf16<Map> ? "bf16" : "fp16", kernels->name);
    test_every_number(*kernels);
    for (int round = 0; round < rounds; ++round) {
      test_gemm(*kernels);
      test_linear(*kernels);
      test_conv2d(*kernels);
      test_depthwise(*kernels);
      test_channelwise(*kernels);
      test_max_pool(*kernels);
      test_group_norm(*kernels);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1500;
  const dsnet::KernelSet best = dsnet::select_kernels(nullptr);
  if (argc > 3) {
    CHECK(std::strcmp(best.bf16.name, argv[2]) == 0 && std::strcmp(best.fp16.name, argv[3]) == 0);
    std::printf("expected %s and %s, found %s and %s\n", argv[2], argv[3], best.bf16.name, best.fp16.name);
  }
  test_tables(dsnet::supported_bf16_kernels(), rounds);
  test_tables(dsnet::supported_fp16_kernels(), rounds);
  return check::report("half kernels");
}
