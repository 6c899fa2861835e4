// Group norm and max pooling of integers, written once for all: loops over the 16 lanes of a panel, which compilers turn into
// vectors of the instruction set that a file is compiled for. `flip` is the table's (int8.h). Everything here is of an unnamed
// namespace, so that each file's code is its own.
#pragma once

#include "int8.h"

namespace dsnet {
namespace {

template <uint8_t flip>
inline int int8_at(const int8_t* data) {
  return static_cast<int8_t>(static_cast<uint8_t>(*data) ^ flip);
}

template <uint8_t flip>
inline int8_t int8_byte(int q) {
  return static_cast<int8_t>(static_cast<uint8_t>(q) ^ flip);
}

// Of a panel: sum(q - zero_point) and sum((q - zero_point)^2), exact.
struct Int8Moments {
  int64_t sum, squares;
};

template <uint8_t flip>
Int8Moments int8_moments(const Int8GroupNorm& op, ptrdiff_t channel) {
  constexpr int kMostPixels = 16384;  // whose squares, of at most 255^2 each, an int32 can sum
  Int8Moments total = {0, 0};
  for (int begin = 0; begin < op.pixels; begin += kMostPixels) {
    const int end = op.pixels - begin < kMostPixels ? op.pixels : begin + kMostPixels;
    int32_t sums[kPanel] = {}, squares[kPanel] = {};
    for (int i = begin; i < end; ++i) {
      const int8_t* pixel = op.input + i * op.stride + channel;
      for (int c = 0; c < kPanel; ++c) {
        const int x = int8_at<flip>(pixel + c) - op.zero_point;
        sums[c] += x;
        squares[c] += x * x;
      }
    }
    for (int c = 0; c < kPanel; ++c) {
      total.sum += sums[c];
      total.squares += squares[c];
    }
  }
  return total;
}

template <uint8_t flip>
void int8_group_norm(const Int8GroupNorm& op, Range panels) {
  const auto lo = static_cast<float>(op.lo), hi = static_cast<float>(op.hi);
  for (ptrdiff_t channel = ptrdiff_t{panels.begin} * kPanel; channel < ptrdiff_t{panels.end} * kPanel; channel += kPanel) {
    const Int8Moments moments = int8_moments<flip>(op, channel);
    float factor[kPanel], offset[kPanel];
    int8_norm_affine(op, moments.sum, moments.squares, channel, factor, offset);
    for (int i = 0; i < op.pixels; ++i) {
      const int8_t* from = op.input + i * op.stride + channel;
      int8_t* to = op.output + i * op.stride + channel;
      for (int c = 0; c < kPanel; ++c) {
        const float y = __builtin_rintf(__builtin_fmaf(float(int8_at<flip>(from + c) - op.zero_point), factor[c], offset[c]));
        const float bounded = y > lo ? y < hi ? y : hi : lo;  // a NaN becomes `lo`
        to[c] = int8_byte<flip>(static_cast<int>(bounded));
      }
    }
  }
}

template <uint8_t flip>
void int8_max_pool(const Int8MaxPool& op, Range out_rows) {
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    for (int x = 0; x < op.out_w; ++x) {
      int8_t* output = op.output + (ptrdiff_t{y} * op.out_w + x) * op.c;
      for (ptrdiff_t first = 0; first < op.c; first += kPanel) {
        int8_t most[kPanel];
        for (int8_t& q : most) q = -128;
        for (int in_y = y * stride - padding; in_y < y * stride - padding + kernel; ++in_y) {
          for (int in_x = x * stride - padding; in_x < x * stride - padding + kernel; ++in_x) {
            if (in_y < 0 || in_y >= op.h || in_x < 0 || in_x >= op.w) continue;
            const int8_t* pixel = op.input + (ptrdiff_t{in_y} * op.w + in_x) * op.c + first;
            for (int c = 0; c < kPanel; ++c) {
              const auto q = static_cast<int8_t>(int8_at<flip>(pixel + c));
              most[c] = q > most[c] ? q : most[c];
            }
          }
        }
        for (int c = 0; c < kPanel; ++c) output[first + c] = int8_byte<flip>(most[c]);
      }
    }
  }
}

}  // namespace
}  // namespace dsnet
