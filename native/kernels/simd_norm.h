// Group norm and max pooling on vectors: both go over whole maps, panel by panel of channels.
#pragma once

#include <math.h>

#include "simd_gemm.h"

namespace dsnet {

// Sums of what the pixels of a panel are above the first one, and of their squares, channel by channel: that near to the mean
// float32 loses nothing of the variance.
template <class Simd>
struct Moments {
  static constexpr int vectors = kPanel / Simd::lanes;
  Vector<Simd> first[vectors], sum[vectors], squares[vectors];

  template <class Map>
  DSNET_INLINE void start(const Map* pixel) {
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      first[j] = load<Simd>(pixel + j * Simd::lanes);
      sum[j] = squares[j] = Simd::broadcast(0);
    }
  }

  template <class Map>
  DSNET_INLINE void add(const Map* pixel) {
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const Vector<Simd> above = load<Simd>(pixel + j * Simd::lanes) - first[j];
      sum[j] = sum[j] + above;
      squares[j] = Simd::fma(above, above, squares[j]);
    }
  }
};

struct GroupMoments {
  double mean, var;
};

// Of the 16 channels together, each of which has its own mean.
template <class Simd>
GroupMoments group_moments(const Moments<Simd>& moments, int pixels) {
  alignas(64) float first[kPanel], sum[kPanel], squares[kPanel];
  for (int j = 0; j < Moments<Simd>::vectors; ++j) {
    store<Simd>(first + j * Simd::lanes, moments.first[j]);
    store<Simd>(sum + j * Simd::lanes, moments.sum[j]);
    store<Simd>(squares + j * Simd::lanes, moments.squares[j]);
  }
  const double n = pixels;
  double means[kPanel], mean = 0, var = 0;
  for (int c = 0; c < kPanel; ++c) {
    means[c] = double(first[c]) + double(sum[c]) / n;
    mean += means[c] / kPanel;
  }
  for (int c = 0; c < kPanel; ++c) {
    const double own = (double(squares[c]) - double(sum[c]) * double(sum[c]) / n) / n;
    var += ((own > 0 ? own : 0) + (means[c] - mean) * (means[c] - mean)) / kPanel;
  }
  return {mean, var};
}

// `panels` neighbouring ones, so that every pixel is a few cache lines.
template <class Simd, int panels, class Map>
void norm_panels(const GroupNormOf<Map>& op, int panel) {
  constexpr int vectors = kPanel / Simd::lanes;
  const ptrdiff_t channel = ptrdiff_t(panel) * kPanel;
  Moments<Simd> moments[panels];
  DSNET_UNROLL for (int p = 0; p < panels; ++p) moments[p].start(op.input + channel + p * kPanel);
  const Map* input = op.input + channel;
  for (int i = 0; i < op.pixels; ++i, input += op.stride) {
    DSNET_UNROLL for (int p = 0; p < panels; ++p) moments[p].add(input + p * kPanel);
  }
  Vector<Simd> scale[panels * vectors], shift[panels * vectors];
  for (int p = 0; p < panels; ++p) {
    const GroupMoments group = group_moments(moments[p], op.pixels);
    const Vector<Simd> inverse = Simd::broadcast(float(1 / sqrt(group.var + double(op.eps))));
    const Vector<Simd> mean = Simd::broadcast(float(-group.mean));
    for (int j = 0; j < vectors; ++j) {
      const ptrdiff_t c = channel + p * kPanel + j * Simd::lanes;
      scale[p * vectors + j] = load<Simd>(op.epilogue.scale + c) * inverse;
      shift[p * vectors + j] = Simd::fma(mean, scale[p * vectors + j], load<Simd>(op.epilogue.shift + c));
    }
  }
  input = op.input + channel;
  Map* output = op.output + channel;
  for (int i = 0; i < op.pixels; ++i, input += op.stride, output += op.stride) {
    Vector<Simd> y[panels * vectors];
    DSNET_UNROLL for (int j = 0; j < panels * vectors; ++j) {
      y[j] = Simd::fma(load<Simd>(input + j * Simd::lanes), scale[j], shift[j]);
    }
    activate<Simd>(y, op.epilogue.activation);
    DSNET_UNROLL for (int j = 0; j < panels * vectors; ++j) store<Simd>(output + j * Simd::lanes, y[j]);
  }
}

template <class Simd, class Map>
void group_norm(const GroupNormOf<Map>& op, Range panels) {
  constexpr int wide = Simd::lanes == 16 ? 4 : 1;  // three vectors each in flight
  int panel = panels.begin;
  for (; panel + wide <= panels.end; panel += wide) norm_panels<Simd, wide>(op, panel);
  for (; panel < panels.end; ++panel) norm_panels<Simd, 1>(op, panel);
}

template <class Simd, class Map>
void max_pool(const MaxPoolOf<Map>& op, Range out_rows) {
  constexpr int vectors = kPanel / Simd::lanes;
  const auto [kernel, stride, padding] = op.window;
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const Range ky = window_range(y, op.h, op.window);
    for (int x = 0; x < op.out_w; ++x) {
      const Range kx = window_range(x, op.w, op.window);
      const Map* origin = op.input + (ptrdiff_t(y * stride - padding) * op.w + x * stride - padding) * op.c;
      Map* output = op.output + (ptrdiff_t(y) * op.out_w + x) * op.c;
      for (ptrdiff_t c = 0; c < op.c; c += kPanel) {
        Vector<Simd> most[vectors];
        DSNET_UNROLL for (auto& vector : most) vector = Simd::broadcast(-INFINITY);
        for (int row = ky.begin; row < ky.end; ++row) {
          for (int column = kx.begin; column < kx.end; ++column) {
            const Map* pixel = origin + (ptrdiff_t(row) * op.w + column) * op.c + c;
            DSNET_UNROLL for (int j = 0; j < vectors; ++j) most[j] = Simd::max(most[j], load<Simd>(pixel + j * Simd::lanes));
          }
        }
        DSNET_UNROLL for (int j = 0; j < vectors; ++j) store<Simd>(output + c + j * Simd::lanes, most[j]);
      }
    }
  }
}

}  // namespace dsnet
