// Every kernel of every instruction set this processor has against its scalar twin, over random shapes: odd sizes, partial
// ranges, weights wider than the path reads. What a kernel must not write is compared too.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "cpu.h"
#include "error.h"
#include "kernel_shapes.h"

namespace {

using dsnet::kPanel;
using dsnet::Range;
using test::Floats;
using test::out_size;
using test::pick;
using test::pick_range;
using test::pick_window;

// An output between guards. Two of them begin equal, so that whatever a kernel leaves alone stays equal.
class Output {
 public:
  explicit Output(size_t size) : floats_(size + 2 * kGuard) {
    for (size_t i = 0; i < floats_.size(); ++i) floats_.get()[i] = 1000 + static_cast<float>(i % 100);
  }
  float* get() const { return floats_.get() + kGuard; }

  bool close_to(const Output& other, float tolerance) const {
    for (size_t i = 0; i < floats_.size(); ++i) {
      const float a = floats_.get()[i], b = other.floats_.get()[i];
      if (!(std::fabs(a - b) <= tolerance * std::fmax(1, std::fabs(b)))) return false;
    }
    return true;
  }
  bool equals(const Output& other) const { return std::memcmp(floats_.get(), other.floats_.get(), floats_.size() * 4) == 0; }

 private:
  static constexpr size_t kGuard = 64;
  Floats floats_;
};

struct Table {
  Floats scale, shift;
  dsnet::Epilogue epilogue;

  explicit Table(int channels)
      : scale(static_cast<size_t>(channels)),
        shift(static_cast<size_t>(channels)),
        epilogue{pick(0, 3) != 0 ? scale.get() : nullptr, pick(0, 3) != 0 ? shift.get() : nullptr,
                 static_cast<dsnet::Activation>(pick(0, 5))} {}
};

constexpr float kTolerance = 3e-5F;

void compare(const char* kernel, const dsnet::Kernels& kernels, const Output& found, const Output& expected, const char* shape,
             float tolerance = kTolerance) {
  if (!CHECK(found.close_to(expected, tolerance))) std::printf("  %s %s: %s\n", kernels.isa, kernel, shape);
}

void test_gemm(const dsnet::Kernels& kernels) {
  const int rows = pick(1, 33), k = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 40), panels = pick(1, 7),
            wider = pick(0, 2) * pick(0, 9);
  const int input_stride = k + pick(0, 5), output_stride = (panels + pick(0, 2)) * kPanel;
  const Floats input(static_cast<size_t>((rows - 1) * input_stride + k)),
      weights(static_cast<size_t>(panels) * (k + wider) * kPanel);
  const Table table(panels * kPanel);
  const Output found(static_cast<size_t>(rows * output_stride)), expected(static_cast<size_t>(rows * output_stride));
  dsnet::Gemm job = {input.get(),   input_stride,  k, {weights.get(), (k + wider) * kPanel}, expected.get(),
                     output_stride, table.epilogue};
  const Range row_range = pick_range(rows), panel_range = pick_range(panels);
  char shape[160];
  std::snprintf(shape, sizeof shape, "rows %d-%d of %d, k %d of %d, panels %d-%d of %d, activation %d", row_range.begin,
                row_range.end, rows, k, k + wider, panel_range.begin, panel_range.end, panels,
                static_cast<int>(table.epilogue.activation));
  dsnet::kScalarKernels.gemm(job, row_range, panel_range);
  job.output = found.get();
  kernels.gemm(job, row_range, panel_range);
  compare("gemm", kernels, found, expected, shape);

  // One row, as a linear layer; and whole against piecewise, bit by bit.
  const Output line(static_cast<size_t>(output_stride)), line_expected(static_cast<size_t>(output_stride)),
      pieces(static_cast<size_t>(output_stride));
  job.output = line_expected.get();
  dsnet::kScalarKernels.linear(job, {0, panels});
  job.output = line.get();
  kernels.linear(job, {0, panels});
  compare("linear", kernels, line, line_expected, shape);
  job.output = pieces.get();
  for (int panel = 0; panel < panels; ++panel) kernels.linear(job, {panel, panel + 1});
  CHECK(pieces.equals(line));

  const Output whole(static_cast<size_t>(rows * output_stride)), parts(static_cast<size_t>(rows * output_stride));
  job.output = whole.get();
  kernels.gemm(job, {0, rows}, {0, panels});
  job.output = parts.get();
  for (int row = 0; row < rows; ++row) {
    for (int panel = 0; panel < panels; ++panel) kernels.gemm(job, {row, row + 1}, {panel, panel + 1});
  }
  CHECK(parts.equals(whole));
}

void test_linear_i8(const dsnet::Kernels& kernels) {
  const int k = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 40), panels = pick(1, 9), wider = pick(0, 2) * pick(0, 9);
  const test::Buffer<int8_t> weights(static_cast<size_t>(panels * (k + wider) * kPanel));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(pick(-127, 127));
  const Floats input(static_cast<size_t>(k));
  const Table table(panels * kPanel);
  for (size_t c = 0; c < table.scale.size(); ++c) table.scale[c] *= 0.01F;
  const auto size = static_cast<size_t>(panels) * kPanel;
  const Output expected(size), found(size), pieces(size);
  dsnet::LinearI8 job = {input.get(), k, weights.get(), ptrdiff_t{k + wider} * kPanel, expected.get(), table.epilogue};
  job.epilogue.scale = table.scale.get();
  char shape[80];
  std::snprintf(shape, sizeof shape, "k %d of %d, %d panels", k, k + wider, panels);
  dsnet::kScalarKernels.linear_i8(job, {0, panels});
  job.output = found.get();
  kernels.linear_i8(job, {0, panels});
  compare("linear_i8", kernels, found, expected, shape);
  job.output = pieces.get();
  for (int panel = 0; panel < panels; ++panel) kernels.linear_i8(job, {panel, panel + 1});
  CHECK(pieces.equals(found));
}

void test_conv2d(const dsnet::Kernels& kernels) {
  const int h = pick(1, 12), w = pick(1, 40), c_in = test::pick_inputs(), panels = pick(1, 4);
  const dsnet::Window window = pick_window(h, w, false);
  const int out_h = out_size(h, window), out_w = out_size(w, window), steps = window.kernel * window.kernel * c_in;
  const int input_stride = c_in > 5 || pick(0, 1) != 0 ? c_in : kPanel;  // the image is dense, values in the arena are padded
  const Floats input(static_cast<size_t>((h * w - 1) * input_stride + c_in)),
      weights(static_cast<size_t>(panels) * static_cast<size_t>(steps) * kPanel);
  const Table table(panels * kPanel);
  const auto size = static_cast<size_t>(out_h) * static_cast<size_t>(out_w) * static_cast<size_t>(panels) * kPanel;
  const Output found(size), expected(size);
  dsnet::Conv2d job = {input.get(),
                       h,
                       w,
                       c_in,
                       input_stride,
                       window,
                       {weights.get(), ptrdiff_t{steps} * kPanel},
                       expected.get(),
                       out_w,
                       ptrdiff_t{panels} * kPanel,
                       table.epilogue};
  const Range rows = pick_range(out_h), panel_range = pick_range(panels);
  char shape[160];
  std::snprintf(shape, sizeof shape, "%dx%dx%d stride %d, kernel %d stride %d padding %d, rows %d-%d, panels %d-%d", h, w, c_in,
                input_stride, window.kernel, window.stride, window.padding, rows.begin, rows.end, panel_range.begin,
                panel_range.end);
  dsnet::kScalarKernels.conv2d(job, rows, panel_range);
  job.output = found.get();
  kernels.conv2d(job, rows, panel_range);
  compare("conv2d", kernels, found, expected, shape, steps > 500 ? 2e-4F : kTolerance);  // thousands of products
}

void test_depthwise(const dsnet::Kernels& kernels) {
  const bool large = pick(0, 19) == 0;  // wide enough to be taken in blocks of channels
  const int h = pick(1, 12), w = large ? pick(60, 130) : pick(1, 30), c = (large ? pick(3, 9) : pick(1, 3)) * kPanel;
  const dsnet::Window window = pick_window(h, w, pick(0, 3) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window), taps_stride = c + pick(0, 2) * kPanel;
  const Floats input(static_cast<size_t>(h * w * c)), taps(static_cast<size_t>(window.kernel * window.kernel * taps_stride));
  const Table table(c);
  const auto size = static_cast<size_t>(out_h) * static_cast<size_t>(out_w) * static_cast<size_t>(c);
  const Output found(size), expected(size);
  const auto sums_size = static_cast<size_t>(out_h) * static_cast<size_t>(c);
  const Output sums(sums_size), sums_expected(sums_size);
  dsnet::Depthwise job = {input.get(),    h,      w, c, c, window, taps.get(), taps_stride, expected.get(), out_w,
                          table.epilogue, nullptr};
  const bool with_sums = pick(0, 1) == 0;
  const Range rows = pick_range(out_h);
  char shape[160];
  std::snprintf(shape, sizeof shape, "%dx%dx%d, kernel %d stride %d padding %d, rows %d-%d", h, w, c, window.kernel,
                window.stride, window.padding, rows.begin, rows.end);
  if (with_sums) job.row_sums = sums_expected.get();
  dsnet::kScalarKernels.depthwise(job, rows);
  job.output = found.get();
  if (with_sums) job.row_sums = sums.get();
  kernels.depthwise(job, rows);
  compare("depthwise", kernels, found, expected, shape);
  compare("row sums of depthwise", kernels, sums, sums_expected, shape);
}

void test_channelwise(const dsnet::Kernels& kernels) {
  const int pixels = pick(1, 50), panels = pick(1, 6), c = panels * kPanel;
  const Floats input(static_cast<size_t>(pixels * c)), factor(static_cast<size_t>(c));
  const Range panel_range = pick_range(panels), pixel_range = pick_range(pixels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, %d channels", pixels, c);
  const Output mean(static_cast<size_t>(c)), mean_expected(static_cast<size_t>(c));
  dsnet::kScalarKernels.global_pool({input.get(), pixels, c, mean_expected.get(), 1 / float(pixels)}, panel_range);
  kernels.global_pool({input.get(), pixels, c, mean.get(), 1 / float(pixels)}, panel_range);
  compare("global_pool", kernels, mean, mean_expected, shape);
  const Output product(static_cast<size_t>(pixels * c)), product_expected(static_cast<size_t>(pixels * c));
  dsnet::kScalarKernels.multiply({input.get(), factor.get(), c, c, product_expected.get()}, pixel_range);
  kernels.multiply({input.get(), factor.get(), c, c, product.get()}, pixel_range);
  CHECK(product.equals(product_expected));
  for (float* in_place : {product.get(), product_expected.get()}) std::memcpy(in_place, input.get(), input.size() * 4);
  dsnet::kScalarKernels.multiply({product_expected.get(), factor.get(), c, c, product_expected.get()}, pixel_range);
  kernels.multiply({product.get(), factor.get(), c, c, product.get()}, pixel_range);
  CHECK(product.equals(product_expected));
  const Output sum(static_cast<size_t>(pixels * c)), sum_expected(static_cast<size_t>(pixels * c));
  const auto activation = static_cast<dsnet::Activation>(pick(0, 2));  // the exact ones
  dsnet::kScalarKernels.add({input.get(), product.get(), c, activation, sum_expected.get()}, pixel_range);
  kernels.add({input.get(), product.get(), c, activation, sum.get()}, pixel_range);
  CHECK(sum.equals(sum_expected));
  dsnet::kScalarKernels.add({sum_expected.get(), input.get(), c, activation, sum_expected.get()}, pixel_range);  // in place
  kernels.add({sum.get(), input.get(), c, activation, sum.get()}, pixel_range);
  CHECK(sum.equals(sum_expected));
}

void test_max_pool(const dsnet::Kernels& kernels) {
  const int h = pick(1, 12), w = pick(1, 20), c = pick(1, 5) * kPanel;
  const dsnet::Window window = pick_window(h, w, pick(0, 1) != 0);
  const int out_h = out_size(h, window), out_w = out_size(w, window);
  const Floats input(static_cast<size_t>(h * w * c));
  const Output found(static_cast<size_t>(out_h * out_w * c)), expected(static_cast<size_t>(out_h * out_w * c));
  dsnet::MaxPool job = {input.get(), h, w, c, window, expected.get(), out_w};
  const Range rows = pick_range(out_h);
  dsnet::kScalarKernels.max_pool(job, rows);
  job.output = found.get();
  kernels.max_pool(job, rows);
  CHECK(found.equals(expected));
}

// Far from zero, where a sum of squares would lose the variance, too.
void test_group_norm(const dsnet::Kernels& kernels) {
  const int pixels = pick(0, 9) == 0 ? pick(200, 900) : pick(1, 50), panels = pick(1, 9), c = panels * kPanel;
  const float far = pick(0, 3) == 0 ? 300.0F : 0.0F;
  const Floats input(static_cast<size_t>(pixels * c)), scale(static_cast<size_t>(c)), shift(static_cast<size_t>(c));
  for (size_t i = 0; i < input.size(); ++i) input[i] += far;
  const Output found(static_cast<size_t>(pixels * c)), expected(static_cast<size_t>(pixels * c)),
      parts(static_cast<size_t>(pixels * c));
  const dsnet::Epilogue affine = {scale.get(), shift.get(), static_cast<dsnet::Activation>(pick(0, 5))};
  dsnet::GroupNorm job = {input.get(), pixels, c, 1e-5F, expected.get(), affine};
  const Range range = pick_range(panels);
  char shape[80];
  std::snprintf(shape, sizeof shape, "%d pixels, panels %d-%d of %d, around %g", pixels, range.begin, range.end, panels,
                static_cast<double>(far));
  dsnet::kScalarKernels.group_norm(job, range);
  job.output = found.get();
  kernels.group_norm(job, range);
  compare("group_norm", kernels, found, expected, shape, far > 0 ? 2e-4F : kTolerance);
  job.output = parts.get();
  for (int panel = range.begin; panel < range.end; ++panel) kernels.group_norm(job, {panel, panel + 1});
  CHECK(parts.equals(found));
  for (float* in_place : {found.get(), parts.get()}) std::memcpy(in_place, input.get(), input.size() * 4);
  job.input = job.output = found.get();
  kernels.group_norm(job, {0, panels});
  job.input = input.get(), job.output = parts.get();
  kernels.group_norm(job, {0, panels});
  CHECK(parts.equals(found));
}

// Activations far outside the range of the sweep: saturated, never NaN, and close in relative terms.
void test_activations(const dsnet::Kernels& kernels) {
  const Floats inputs(kPanel), found(kPanel), expected(kPanel);
  const float one = 1;
  for (int activation = 0; activation < 6; ++activation) {
    const dsnet::Epilogue epilogue = {nullptr, nullptr, static_cast<dsnet::Activation>(activation)};
    for (int step = -540; step <= 540; ++step) {
      const float x = static_cast<float>(step) * 0.37F;
      for (int i = 0; i < kPanel; ++i) inputs.get()[i] = x + static_cast<float>(i) * 0.02F;
      dsnet::kScalarKernels.linear({&one, 0, 1, {inputs.get(), kPanel}, expected.get(), 0, epilogue}, {0, 1});
      kernels.linear({&one, 0, 1, {inputs.get(), kPanel}, found.get(), 0, epilogue}, {0, 1});
      for (int i = 0; i < kPanel; ++i) {
        const float a = found.get()[i], b = expected.get()[i];
        // Absolute where the result vanishes: there the scalar 1 + tanh(x) itself cancels.
        const bool close = std::fabs(a - b) <= std::fmax(2e-7F, 1e-5F * std::fabs(b));
        if (!CHECK(close))
          std::printf("  %s activation %d at %g: %g, expected %g\n", kernels.isa, activation, inputs.get()[i], a, b);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1500;
  for (const char* isa : {"scalar", "avx2", "avx512", "neon"}) {
    const dsnet::Kernels* kernels = nullptr;
    try {
      kernels = &dsnet::select_kernels(isa).fp32;
    } catch (const dsnet::Failure&) {
      continue;  // not this processor's
    }
    std::printf("%s\n", isa);
    test_activations(*kernels);
    for (int round = 0; round < rounds; ++round) {
      test_gemm(*kernels);
      test_linear_i8(*kernels);
      test_conv2d(*kernels);
      test_depthwise(*kernels);
      test_channelwise(*kernels);
      test_max_pool(*kernels);
      test_group_norm(*kernels);
    }
  }
  return check::report("kernels");
}
