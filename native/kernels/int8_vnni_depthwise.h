// Depthwise convolution with VNNI. A vector holds 16 channels of four neighbouring columns, the four in one lane, so that one
// instruction adds up to four taps of a kernel row to an output. Outputs lie anywhere among the columns: the taps are shifted
// to meet them, once for all pixels.
#pragma once

#include <type_traits>

#include "int8_vnni.h"
#include "simd_gemm.h"

namespace dsnet {
namespace {

constexpr int kOutputs = 4;  // neighbouring output pixels in a tile: 64 bytes of 16 channels

// Taps of one kernel row, the first at byte `shift` of each lane (-kernel < shift < 4).
template <int kernel>
struct ShiftedTaps {
  static constexpr int kShifts = kernel + 3;
  __m512i at[kernel][kShifts];

  ShiftedTaps(const Int8Depthwise& op, ptrdiff_t c) {
    for (int y = 0; y < kernel; ++y) {
      const auto tap = [&](int x) { return widen(bytes_of(op.taps) + (y * kernel + x) * op.taps_stride + c); };
      __m512i low = tap(0), high = _mm512_setzero_si512();
      for (int x = 1; x < kernel && x < 4; ++x) low = _mm512_or_si512(low, _mm512_sll_epi32(tap(x), bits(8 * x)));
      for (int x = 4; x < kernel; ++x) high = _mm512_or_si512(high, _mm512_sll_epi32(tap(x), bits(8 * (x - 4))));
      for (int shift = 1 - kernel; shift < 4; ++shift) {
        const __m512i right =
            _mm512_or_si512(_mm512_srl_epi32(low, bits(-8 * shift)), _mm512_sll_epi32(high, bits(32 + 8 * shift)));
        at[y][shift + kernel - 1] = shift < 0 ? right : _mm512_sll_epi32(low, bits(8 * shift));
      }
    }
  }

 private:
  static __m128i bits(int n) { return _mm_cvtsi32_si128(n); }  // shifts of 32 and more, or of a negative count, give zero
};

enum class Place { inside, inside_dense, edge };  // dense: 16 channels in all, so that four pixels are one vector

// Four outputs of one row, from column `x` on, of which `n` are stored. Where not all of their windows lie inside the image,
// the rest is taken from `padding`.
template <int kernel, int stride, Place place>
DSNET_INLINE void depthwise_tile(const Int8Depthwise& op, const ShiftedTaps<kernel>& taps, const uint8_t* padding, __m512i start,
                                 const Channels& channels, const Activate& activate, ptrdiff_t c, int y, int x, int n) {
  constexpr int width = (kOutputs - 1) * stride + kernel;
  constexpr bool inside = place != Place::edge;
  const int in_y = y * stride - op.window.padding, in_x = x * stride - op.window.padding;
  __m512i sums[kOutputs] = {start, start, start, start};
  for (int ky = 0; ky < kernel; ++ky) {
    const bool row_inside = inside || (in_y + ky >= 0 && in_y + ky < op.h);
    const uint8_t* row = bytes_of(op.input) + (ptrdiff_t{in_y + ky} * op.w + in_x) * op.stride + c;
    const auto pixel = [&](int column) {
      const bool seen = inside || (row_inside && in_x + column >= 0 && in_x + column < op.w);
      return seen ? row + column * op.stride : padding;
    };
    DSNET_UNROLL for (int first = 0; first < width; first += 4) {
      const auto at = [&](int i) { return pixel(first + i < width ? first + i : width - 1); };
      const bool whole = place == Place::inside_dense && first + 4 <= width;
      const __m512i columns = whole ? by_channel(load(at(0))) : by_channel(at(0), at(1), at(2), at(3));
      DSNET_UNROLL for (int i = 0; i < kOutputs; ++i) {
        const int shift = i * stride - first;
        if (shift > -kernel && shift < 4) sums[i] = _mm512_dpbusd_epi32(sums[i], columns, taps.at[ky][shift + kernel - 1]);
      }
    }
  }
  DSNET_UNROLL for (auto& sum : sums) sum = steps(sum, channels);
  store_rows(activate(sums[0], sums[1], sums[2], sums[3]), op.output + (ptrdiff_t{y} * op.out_w + x) * op.stride + c, op.stride,
             n);
}

template <Place place>
using Constant = std::integral_constant<Place, place>;

template <int kernel, int stride>
void depthwise_panel(const Int8Depthwise& op, Range out_rows, ptrdiff_t c) {
  const ShiftedTaps<kernel> taps(op, c);
  const Channels channels(op.epilogue, c);
  const Activate activate(op.epilogue);
  const __m512i start = first_sum(op.epilogue, op.input_zero_point, c);
  alignas(16) uint8_t padding[kPanel];
  _mm_store_si128(reinterpret_cast<__m128i*>(padding), _mm_set1_epi8(static_cast<char>(op.input_zero_point ^ kFlip)));
  const Range rows_inside = interior(op.h, 1 << 30, op.window), inside = interior(op.w, op.out_w, op.window);
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const bool row_inside = y >= rows_inside.begin && y < rows_inside.end;
    for (int x = 0; x < op.out_w; x += kOutputs) {
      const int n = op.out_w - x < kOutputs ? op.out_w - x : kOutputs;
      const auto tile = [&](auto place) __attribute__((always_inline)) {
        depthwise_tile<kernel, stride, place>(op, taps, padding, start, channels, activate, c, y, x, n);
      };
      if (!row_inside || x < inside.begin || x + kOutputs > inside.end) {
        tile(Constant<Place::edge>());
      } else if (op.stride == kPanel) {
        tile(Constant<Place::inside_dense>());
      } else {
        tile(Constant<Place::inside>());
      }
    }
  }
}

// Any window, a pixel at a time.
void depthwise_panel_any(const Int8Depthwise& op, Range out_rows, ptrdiff_t c) {
  const auto [kernel, stride, padding] = op.window;
  const Channels channels(op.epilogue, c);
  const Activate activate(op.epilogue);
  const __m512i zero_point = _mm512_set1_epi32(op.input_zero_point + 128);
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const Range ky = window_range(y, op.h, op.window);
    for (int x = 0; x < op.out_w; ++x) {
      const Range kx = window_range(x, op.w, op.window);
      __m512i sum = _mm512_setzero_si512();
      for (int i = ky.begin; i < ky.end; ++i) {
        for (int j = kx.begin; j < kx.end; ++j) {
          const ptrdiff_t pixel = ptrdiff_t{y * stride - padding + i} * op.w + x * stride - padding + j;
          const __m512i q = _mm512_sub_epi32(widen(bytes_of(op.input) + pixel * op.stride + c), zero_point);
          const __m512i w = _mm512_cvtepi8_epi32(load16(op.taps + (i * kernel + j) * op.taps_stride + c));
          sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(q, w));
        }
      }
      sum = steps(sum, channels);
      store_rows(activate(sum, sum, sum, sum), op.output + (ptrdiff_t{y} * op.out_w + x) * op.stride + c, op.stride, 1);
    }
  }
}

void depthwise(const Int8Depthwise& op, Range out_rows) {
  const int kernel = op.window.kernel, stride = op.window.stride;
  auto* const panel = kernel == 3 && stride == 1   ? depthwise_panel<3, 1>
                      : kernel == 3 && stride == 2 ? depthwise_panel<3, 2>
                      : kernel == 5 && stride == 1 ? depthwise_panel<5, 1>
                      : kernel == 5 && stride == 2 ? depthwise_panel<5, 2>
                                                   : depthwise_panel_any;
  for (ptrdiff_t c = 0; c < op.c; c += kPanel) panel(op, out_rows, c);
}

}  // namespace
}  // namespace dsnet
