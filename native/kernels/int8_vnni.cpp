// AVX-512 with VNNI: a 32-bit lane sums four products of an unsigned activation, kept as q + 128, and a signed weight.
#include <immintrin.h>
#include <string.h>

#include "int8.h"
#include "int8_norm.h"
#include "int8_vnni.h"
#include "int8_vnni_depthwise.h"
#include "peak.h"

namespace dsnet {
namespace {

// 7 rows x 2 panels: 14 sums keep the multipliers busy, and 7 divides the usual 14 x 14 and 7 x 7 maps.
constexpr int kTileRows = 7, kTilePanels = 2, kSingleTileRows = 14;

// sums[i][j] += four steps of row i and panel j; `keep` masks the bytes of a row that count. `ahead`: meanwhile fetch the
// panels behind these into the L2 cache.
template <int rows, int panels, bool ahead>
DSNET_INLINE void accumulate(__m512i (&sums)[rows * panels], const uint8_t* input, ptrdiff_t input_stride, const int8_t* weights,
                             ptrdiff_t panel_stride, uint32_t keep) {
  if constexpr (ahead) {
    DSNET_UNROLL for (int j = 0; j < panels; ++j) __builtin_prefetch(weights + (panels + j) * panel_stride, 0, 2);
  }
  __m512i w[panels];
  DSNET_UNROLL for (int j = 0; j < panels; ++j) w[j] = load(weights + j * panel_stride);
  DSNET_UNROLL for (int i = 0; i < rows; ++i) {
    uint32_t group;
    memcpy(&group, input + i * input_stride, sizeof group);
    const __m512i x = _mm512_set1_epi32(static_cast<int>(group & keep));
    DSNET_UNROLL for (int j = 0; j < panels; ++j) sums[i * panels + j] = _mm512_dpbusd_epi32(sums[i * panels + j], x, w[j]);
  }
}

template <int rows, int panels, bool ahead = false>
void tile(const Int8Pointwise& op, const uint8_t* input, const int8_t* weights, int8_t* output, ptrdiff_t channel) {
  constexpr int n = rows * panels;
  __m512i sums[n];
  DSNET_UNROLL for (int j = 0; j < panels; ++j) {
    const __m512i start = first_sum(op.epilogue, op.input_zero_point, channel + j * kPanel);
    DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i * panels + j] = start;
  }
  for (int group = op.k / 4; group > 0; --group, input += 4, weights += 64) {
    accumulate<rows, panels, ahead>(sums, input, op.input_stride, weights, op.panel_stride, ~0U);
  }
  if (op.k % 4 != 0) {
    accumulate<rows, panels, ahead>(sums, input, op.input_stride, weights, op.panel_stride, (1U << op.k % 4 * 8) - 1);
  }
  const Activate activate(op.epilogue);
  DSNET_UNROLL for (int j = 0; j < panels; ++j) {
    const Channels channels(op.epilogue, channel + j * kPanel);
    DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i * panels + j] = steps(sums[i * panels + j], channels);
  }
  DSNET_UNROLL for (int v = 0; v < n; v += 4) {
    const auto at = [&](int i) { return sums[v + i < n ? v + i : n - 1]; };
    const __m512i bytes = activate(at(0), at(1), at(2), at(3));
    int8_t* row = output + v / panels * op.output_stride;
    if constexpr (panels == 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(row), _mm512_castsi512_si256(bytes));
      if (v + 2 < n) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + op.output_stride), _mm512_extracti64x4_epi64(bytes, 1));
      }
    } else {
      store_rows(bytes, row, op.output_stride, n - v);
    }
  }
}

// The last, shorter tile of a column.
template <int rows, int panels>
void short_tile(int n, const Int8Pointwise& op, const uint8_t* input, const int8_t* weights, int8_t* output, ptrdiff_t channel) {
  if constexpr (rows > 0) {
    if (n == rows) return tile<rows, panels>(op, input, weights, output, channel);
    short_tile<rows - 1, panels>(n, op, input, weights, output, channel);
  }
}

// The last full tile fetches `ahead`.
template <int tile_rows, int panels>
void column(const Int8Pointwise& op, Range rows, int panel, bool ahead) {
  const uint8_t* input = bytes_of(op.input) + rows.begin * op.input_stride;
  const int8_t* weights = op.weights + panel * op.panel_stride;
  const ptrdiff_t channel = ptrdiff_t{panel} * kPanel;
  int8_t* output = op.output + rows.begin * op.output_stride + channel;
  int n = rows.end - rows.begin;
  for (; n >= tile_rows; n -= tile_rows) {
    if (ahead && n < 2 * tile_rows) {
      tile<tile_rows, panels, true>(op, input, weights, output, channel);
    } else {
      tile<tile_rows, panels>(op, input, weights, output, channel);
    }
    input += tile_rows * op.input_stride;
    output += tile_rows * op.output_stride;
  }
  short_tile<tile_rows - 1, panels>(n, op, input, weights, output, channel);
}

void pointwise(const Int8Pointwise& op, Range rows, Range panels) {
  int panel = panels.begin;
  for (; panel + kTilePanels <= panels.end; panel += kTilePanels) {
    column<kTileRows, kTilePanels>(op, rows, panel, panel + 2 * kTilePanels <= panels.end);
  }
  for (; panel < panels.end; ++panel) column<kSingleTileRows, 1>(op, rows, panel, false);
}

void quantize(const Int8Quantize& op, Range range) {
  const __m512 scale = _mm512_set1_ps(op.inverse_scale), shift = _mm512_set1_ps(float(op.zero_point));
  for (int i = range.begin; i < range.end; i += 64) {
    const int left = range.end - i;
    const uint64_t mask = left < 64 ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
    __m512i q[4];
    DSNET_UNROLL for (int j = 0; j < 4; ++j) {
      const __m512 x = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16 * j), op.input + i + 16 * j);
      q[j] = bounded_steps(_mm512_fmadd_ps(x, scale, shift));
    }
    _mm512_mask_storeu_epi8(op.output + i, mask, flipped(pack(q[0], q[1], q[2], q[3])));
  }
}

void global_pool(const Int8GlobalPool& op, Range panels) {
  const __m512i ones = _mm512_set1_epi8(1), start = _mm512_set1_epi32(-(op.zero_point + 128) * op.pixels);
  for (ptrdiff_t c = ptrdiff_t{panels.begin} * kPanel; c < ptrdiff_t{panels.end} * kPanel; c += kPanel) {
    const uint8_t* input = bytes_of(op.input) + c;
    __m512i sum = start;
    int pixel = 0;
    for (; pixel + 4 <= op.pixels; pixel += 4, input += 4 * op.stride) {
      sum = _mm512_dpbusd_epi32(sum, by_channel(input, input + op.stride, input + 2 * op.stride, input + 3 * op.stride), ones);
    }
    for (; pixel < op.pixels; ++pixel, input += op.stride) sum = _mm512_add_epi32(sum, widen(input));
    _mm512_storeu_ps(op.output + c, _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(op.factor)));
  }
}

// Four times 16 channels, the panels of one pixel or one panel of four.
class Multiplier {
 public:
  explicit Multiplier(const Int8Multiply& op)
      : zero_point_(_mm512_set1_epi32(op.zero_point + 128)), shift_(_mm512_set1_ps(float(op.output_zero_point))) {}

  // Beyond kMost every product saturates; below it, every product is an int32.
  static __m512 factor(const Int8Multiply& op, ptrdiff_t c) {
    constexpr float kMost = 1 << 20;
    const __m512 factor = _mm512_mul_ps(_mm512_loadu_ps(op.factor + c), _mm512_set1_ps(op.ratio));
    return _mm512_max_ps(_mm512_min_ps(factor, _mm512_set1_ps(kMost)), _mm512_set1_ps(-kMost));
  }

  DSNET_INLINE __m512i operator()(const uint8_t* const (&inputs)[4], const __m512 (&factors)[4]) const {
    __m512i q[4];
    DSNET_UNROLL for (int j = 0; j < 4; ++j) {
      const __m512 x = _mm512_cvtepi32_ps(_mm512_sub_epi32(widen(inputs[j]), zero_point_));
      q[j] = _mm512_cvtps_epi32(_mm512_fmadd_ps(x, factors[j], shift_));
    }
    return flipped(pack(q[0], q[1], q[2], q[3]));
  }

 private:
  __m512i zero_point_;
  __m512 shift_;
};

void multiply(const Int8Multiply& op, Range pixels) {
  const Multiplier product(op);
  const uint8_t* input = bytes_of(op.input);
  ptrdiff_t c = 0;
  for (; c + 4 * kPanel <= op.c; c += 4 * kPanel) {
    const __m512 factors[4] = {Multiplier::factor(op, c), Multiplier::factor(op, c + kPanel),
                               Multiplier::factor(op, c + 2 * kPanel), Multiplier::factor(op, c + 3 * kPanel)};
    for (ptrdiff_t at = pixels.begin * op.stride + c; at < pixels.end * op.stride; at += op.stride) {
      const uint8_t* pixel = input + at;
      _mm512_storeu_si512(op.output + at, product({pixel, pixel + kPanel, pixel + 2 * kPanel, pixel + 3 * kPanel}, factors));
    }
  }
  for (; c < op.c; c += kPanel) {
    const __m512 factor = Multiplier::factor(op, c), factors[4] = {factor, factor, factor, factor};
    for (int i = pixels.begin; i < pixels.end; i += 4) {
      const int n = pixels.end - i < 4 ? pixels.end - i : 4;
      const auto at = [&](int j) { return (i + ptrdiff_t{j < n ? j : n - 1}) * op.stride + c; };
      store_rows(product({input + at(0), input + at(1), input + at(2), input + at(3)}, factors), op.output + at(0), op.stride, n);
    }
  }
}

void add(const Int8Add& op, Range pixels) {
  const __m512i zero = _mm512_set1_epi32(op.zero_point + 128), other_zero = _mm512_set1_epi32(op.other_zero_point + 128);
  const __m512 ratio = _mm512_set1_ps(op.ratio), other_ratio = _mm512_set1_ps(op.other_ratio);
  const __m512 shift = _mm512_set1_ps(float(op.output_zero_point));
  const uint8_t *input = bytes_of(op.input), *other = bytes_of(op.other);
  const __m512 lo = _mm512_set1_ps(float(op.lo)), hi = _mm512_set1_ps(float(op.hi));
  const auto sum = [&](ptrdiff_t i) {
    const __m512 begun = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(widen(other + i), other_zero)), other_ratio, shift);
    const __m512 steps = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(widen(input + i), zero)), ratio, begun);
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(steps, lo), hi));
  };
  const ptrdiff_t end = ptrdiff_t{pixels.end} * op.c;
  ptrdiff_t i = ptrdiff_t{pixels.begin} * op.c;
  for (; i + 4 * kPanel <= end; i += 4 * kPanel) {
    _mm512_storeu_si512(op.output + i, flipped(pack(sum(i), sum(i + kPanel), sum(i + 2 * kPanel), sum(i + 3 * kPanel))));
  }
  for (; i < end; i += kPanel) {
    const __m512i q = sum(i);
    store_rows(flipped(pack(q, q, q, q)), op.output + i, kPanel, 1);
  }
}

int64_t exercise_products(int64_t steps) {
  return exercise<64>(steps, _mm512_setzero_si512(), _mm512_set1_epi8(3),
                      [](__m512i& sum, const __m512i& a, const __m512i& b) { sum = _mm512_dpbusd_epi32(sum, a, b); });
}

}  // namespace

const Int8Kernels kInt8VnniKernels = {"avx512-vnni",
                                      kFlip,
                                      kTileRows,
                                      kTilePanels,
                                      pointwise,
                                      depthwise,
                                      quantize,
                                      global_pool,
                                      multiply,
                                      add,
                                      int8_max_pool<kFlip>,
                                      int8_group_norm<kFlip>,
                                      exercise_products};

}  // namespace dsnet
