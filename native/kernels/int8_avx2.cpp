// AVX2, which has no exact product of bytes: they are widened to 16 bits and multiplied and added in pairs.
#include <immintrin.h>
#include <string.h>

#include "int8.h"
#include "int8_norm.h"
#include "peak.h"
#include "simd_gemm.h"

namespace dsnet {
namespace {

constexpr int kTileRows = 3;    // x 1 panel: 12 sums, and a quarter of a panel at a time
constexpr int kTilePixels = 4;  // of a depthwise convolution: 8 sums

DSNET_INLINE __m128i load16(const void* data) { return _mm_loadu_si128(static_cast<const __m128i*>(data)); }
DSNET_INLINE __m256i load32(const void* data) { return _mm256_loadu_si256(static_cast<const __m256i*>(data)); }
DSNET_INLINE __m256i words(const int8_t* data) { return _mm256_cvtepi8_epi16(load16(data)); }

// 16 channels in order.
struct Sums {
  __m256i low, high;
};

DSNET_INLINE Sums widen(const int8_t* pixel) {
  const __m128i q = load16(pixel);
  return {_mm256_cvtepi8_epi32(q), _mm256_cvtepi8_epi32(_mm_srli_si128(q, 8))};
}

// Eight steps each, clamped to signed bytes.
DSNET_INLINE __m128i pack(__m256 low, __m256 high) {
  const __m256i a = _mm256_cvtps_epi32(low), b = _mm256_cvtps_epi32(high);
  return _mm_packs_epi16(_mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)),
                         _mm_packs_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1)));
}

DSNET_INLINE void store(int8_t* output, __m128i q) { _mm_storeu_si128(reinterpret_cast<__m128i*>(output), q); }

// Steps that no sum bounds. Those that are too low even for an int32 become the least of them.
DSNET_INLINE __m256 bounded(__m256 steps) { return _mm256_min_ps(steps, _mm256_set1_ps(127)); }

// The end of a sum of q * w: less what the zero point adds to it, scaled, shifted and rounded.
class Finish {
 public:
  DSNET_INLINE Finish(const Int8Epilogue& epilogue, int zero_point, ptrdiff_t channel)
      : lo_(_mm_set1_epi8(static_cast<char>(epilogue.lo))),
        hi_(_mm_set1_epi8(static_cast<char>(epilogue.hi))),
        table_(epilogue.table) {
    const __m256i factor = _mm256_set1_epi32(zero_point);
    for (int half = 0; half < 2; ++half) {
      const ptrdiff_t c = channel + half * 8;
      zero_[half] = _mm256_mullo_epi32(load32(epilogue.sums + c), factor);
      scale_[half] = _mm256_loadu_ps(epilogue.scale + c);
      shift_[half] = _mm256_loadu_ps(epilogue.shift + c);
    }
  }

  DSNET_INLINE void operator()(const Sums& sums, int8_t* output) const {
    const __m256 low = _mm256_cvtepi32_ps(_mm256_sub_epi32(sums.low, zero_[0]));
    const __m256 high = _mm256_cvtepi32_ps(_mm256_sub_epi32(sums.high, zero_[1]));
    const __m128i q = pack(_mm256_fmadd_ps(low, scale_[0], shift_[0]), _mm256_fmadd_ps(high, scale_[1], shift_[1]));
    if (table_ == nullptr) return store(output, _mm_min_epi8(_mm_max_epi8(q, lo_), hi_));
    store(output, q);
    for (int i = 0; i < kPanel; ++i) output[i] = table_[output[i] + 128];
  }

 private:
  __m128i lo_, hi_;
  const int8_t* table_;
  __m256i zero_[2];
  __m256 scale_[2], shift_[2];
};

// sums[i][j] += four steps of row i and quarter j of a panel, two lanes an output; `keep` masks the bytes of a row that count.
template <int rows>
DSNET_INLINE void accumulate(__m256i (&sums)[rows][4], const int8_t* input, ptrdiff_t input_stride, const int8_t* weights,
                             uint32_t keep) {
  __m256i x[rows];
  DSNET_UNROLL for (int i = 0; i < rows; ++i) {
    uint32_t group;
    memcpy(&group, input + i * input_stride, sizeof group);
    x[i] = _mm256_cvtepi8_epi16(_mm_set1_epi32(static_cast<int>(group & keep)));
  }
  DSNET_UNROLL for (int j = 0; j < 4; ++j) {
    const __m256i w = words(weights + j * 16);
    DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(x[i], w));
  }
}

template <int rows>
void tile(const Int8Pointwise& op, int row, int panel) {
  const int8_t* input = op.input + row * op.input_stride;
  const int8_t* weights = op.weights + panel * op.panel_stride;
  __m256i sums[rows][4];
  for (auto& quarters : sums) {
    for (auto& sum : quarters) sum = _mm256_setzero_si256();
  }
  for (int group = op.k / 4; group > 0; --group, input += 4, weights += 64) {
    accumulate<rows>(sums, input, op.input_stride, weights, ~0U);
  }
  if (op.k % 4 != 0) accumulate<rows>(sums, input, op.input_stride, weights, (1U << op.k % 4 * 8) - 1);
  const ptrdiff_t channel = ptrdiff_t{panel} * kPanel;
  const Finish finish(op.epilogue, op.input_zero_point, channel);
  DSNET_UNROLL for (int i = 0; i < rows; ++i) {
    // Neighbouring lanes added; the sums of two vectors then alternate by halves of 128 bits.
    const __m256i low = _mm256_hadd_epi32(sums[i][0], sums[i][1]), high = _mm256_hadd_epi32(sums[i][2], sums[i][3]);
    finish({_mm256_permute4x64_epi64(low, 0xd8), _mm256_permute4x64_epi64(high, 0xd8)},
           op.output + (row + i) * op.output_stride + channel);
  }
}

void pointwise(const Int8Pointwise& op, Range rows, Range panels) {
  for (int panel = panels.begin; panel < panels.end; ++panel) {
    int row = rows.begin;
    for (; row + kTileRows <= rows.end; row += kTileRows) tile<kTileRows>(op, row, panel);
    for (; row < rows.end; ++row) tile<1>(op, row, panel);
  }
}

// `n` neighbouring outputs of 16 channels. Taps go in pairs, and so do the words of the two pixels under them. Where not all
// windows lie `inside` the image, the rest is taken from `padding`.
template <int n>
DSNET_INLINE void depthwise_pixels(const Int8Depthwise& op, const Finish& finish, const int8_t* padding, bool inside, ptrdiff_t c,
                                   int y, int x) {
  const int kernel = op.window.kernel, stride = op.window.stride;
  const int in_y = y * stride - op.window.padding, in_x = x * stride - op.window.padding;
  const auto pixel = [&](int tap, int i) {
    const int row = in_y + tap / kernel, column = in_x + i * stride + tap % kernel;
    const bool seen = inside || (row >= 0 && row < op.h && column >= 0 && column < op.w);
    return seen ? op.input + (ptrdiff_t{row} * op.w + column) * op.stride + c : padding;
  };
  __m256i even[n], odd[n];  // channels 0-3 and 8-11; 4-7 and 12-15
  DSNET_UNROLL for (int i = 0; i < n; ++i) even[i] = odd[i] = _mm256_setzero_si256();
  for (int tap = 0; tap < kernel * kernel; tap += 2) {
    const bool pair = tap + 1 < kernel * kernel;
    const int8_t* taps = op.taps + tap * op.taps_stride + c;
    const __m256i w0 = words(taps), w1 = pair ? words(taps + op.taps_stride) : _mm256_setzero_si256();
    const __m256i w_even = _mm256_unpacklo_epi16(w0, w1), w_odd = _mm256_unpackhi_epi16(w0, w1);
    DSNET_UNROLL for (int i = 0; i < n; ++i) {
      const __m256i x0 = words(pixel(tap, i)), x1 = words(pixel(pair ? tap + 1 : tap, i));
      even[i] = _mm256_add_epi32(even[i], _mm256_madd_epi16(_mm256_unpacklo_epi16(x0, x1), w_even));
      odd[i] = _mm256_add_epi32(odd[i], _mm256_madd_epi16(_mm256_unpackhi_epi16(x0, x1), w_odd));
    }
  }
  int8_t* output = op.output + (ptrdiff_t{y} * op.out_w + x) * op.stride + c;
  DSNET_UNROLL for (int i = 0; i < n; ++i) {
    finish({_mm256_permute2x128_si256(even[i], odd[i], 0x20), _mm256_permute2x128_si256(even[i], odd[i], 0x31)},
           output + i * op.stride);
  }
}

void depthwise(const Int8Depthwise& op, Range out_rows) {
  alignas(16) int8_t padding[kPanel];
  memset(padding, op.input_zero_point, sizeof padding);
  const Range inside_y = interior(op.h, 1 << 30, op.window), inside_x = interior(op.w, op.out_w, op.window);
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
    const Finish finish(op.epilogue, op.input_zero_point, c);
    for (int y = out_rows.begin; y < out_rows.end; ++y) {
      const bool row_inside = y >= inside_y.begin && y < inside_y.end;
      const auto inside = [&](int x, int n) { return row_inside && x >= inside_x.begin && x + n <= inside_x.end; };
      int x = 0;
      for (; x + kTilePixels <= op.out_w; x += kTilePixels) {
        depthwise_pixels<kTilePixels>(op, finish, padding, inside(x, kTilePixels), c, y, x);
      }
      for (; x < op.out_w; ++x) depthwise_pixels<1>(op, finish, padding, inside(x, 1), c, y, x);
    }
  }
}

void quantize(const Int8Quantize& op, Range elements) {
  const __m256 scale = _mm256_set1_ps(op.inverse_scale), shift = _mm256_set1_ps(float(op.zero_point));
  const auto sixteen = [&](const float* x, int8_t* q) {
    store(q, pack(bounded(_mm256_fmadd_ps(_mm256_loadu_ps(x), scale, shift)),
                  bounded(_mm256_fmadd_ps(_mm256_loadu_ps(x + 8), scale, shift))));
  };
  int i = elements.begin;
  for (; i + 16 <= elements.end; i += 16) sixteen(op.input + i, op.output + i);
  const auto left = static_cast<size_t>(elements.end - i);
  float x[16] = {};
  int8_t q[16];
  memcpy(x, op.input + i, left * sizeof(float));
  sixteen(x, q);
  memcpy(op.output + i, q, left);
}

void global_pool(const Int8GlobalPool& op, Range panels) {
  const __m256i zero = _mm256_set1_epi32(op.zero_point * op.pixels);
  const __m256 factor = _mm256_set1_ps(op.factor);
  for (ptrdiff_t c = ptrdiff_t{panels.begin} * kPanel; c < ptrdiff_t{panels.end} * kPanel; c += kPanel) {
    __m256i low = _mm256_setzero_si256(), high = low;
    const int8_t* input = op.input + c;
    for (int pixel = 0; pixel < op.pixels; ++pixel, input += op.stride) {
      const Sums q = widen(input);
      low = _mm256_add_epi32(low, q.low), high = _mm256_add_epi32(high, q.high);
    }
    _mm256_storeu_ps(op.output + c, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(low, zero)), factor));
    _mm256_storeu_ps(op.output + c + 8, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(high, zero)), factor));
  }
}

void multiply(const Int8Multiply& op, Range pixels) {
  const __m256i zero = _mm256_set1_epi32(op.zero_point);
  const __m256 ratio = _mm256_set1_ps(op.ratio), shift = _mm256_set1_ps(float(op.output_zero_point));
  const auto scaled = [&](__m256i q, __m256 factor) {
    return bounded(_mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero)), factor, shift));
  };
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
    const __m256 low = _mm256_mul_ps(_mm256_loadu_ps(op.factor + c), ratio);
    const __m256 high = _mm256_mul_ps(_mm256_loadu_ps(op.factor + c + 8), ratio);
    for (ptrdiff_t at = pixels.begin * op.stride + c; at < pixels.end * op.stride; at += op.stride) {
      const Sums q = widen(op.input + at);
      store(op.output + at, pack(scaled(q.low, low), scaled(q.high, high)));
    }
  }
}

void add(const Int8Add& op, Range pixels) {
  const __m256i zero = _mm256_set1_epi32(op.zero_point), other_zero = _mm256_set1_epi32(op.other_zero_point);
  const __m256 ratio = _mm256_set1_ps(op.ratio), other_ratio = _mm256_set1_ps(op.other_ratio);
  const __m256 shift = _mm256_set1_ps(float(op.output_zero_point));
  const __m256 lo = _mm256_set1_ps(float(op.lo)), hi = _mm256_set1_ps(float(op.hi));
  const auto sum = [&](__m256i q, __m256i other) {
    const __m256 begun = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(other, other_zero)), other_ratio, shift);
    const __m256 steps = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero)), ratio, begun);
    return _mm256_min_ps(_mm256_max_ps(steps, lo), hi);
  };
  for (ptrdiff_t i = ptrdiff_t{pixels.begin} * op.c; i < ptrdiff_t{pixels.end} * op.c; i += kPanel) {
    const Sums q = widen(op.input + i), other = widen(op.other + i);
    store(op.output + i, pack(sum(q.low, other.low), sum(q.high, other.high)));
  }
}

int64_t exercise_products(int64_t steps) {
  return exercise<16>(steps, _mm256_setzero_si256(), _mm256_set1_epi16(3), [](__m256i& sum, const __m256i& a, const __m256i& b) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  });
}

}  // namespace

const Int8Kernels kInt8Avx2Kernels = {"avx2",           0,           kTileRows, 1,   pointwise,        depthwise,
                                      quantize,         global_pool, multiply,  add, int8_max_pool<0>, int8_group_norm<0>,
                                      exercise_products};

}  // namespace dsnet
