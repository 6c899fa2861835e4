// A vector of floats times a matrix of smaller numbers: what is left of a small layer is reading its weights, and these are a
// half or a quarter.
#pragma once

#include "simd_gemm.h"

namespace dsnet {

// One step of a panel, as floats.
template <class Simd, class Weight>
DSNET_INLINE void load_panel(const Weight* data, Vector<Simd> (&w)[kPanel / Simd::lanes]) {
  if constexpr (std::is_same_v<Weight, int8_t>) {
    Simd::widen(data, w);
  } else {
    DSNET_UNROLL for (int j = 0; j < kPanel / Simd::lanes; ++j) w[j] = load<Simd>(data + j * Simd::lanes);
  }
}

// One row times `panels` panels. Even and odd steps are summed apart, so that enough sums are in flight.
template <class Simd, int panels, class Weight>
void linear_column_of(const LinearOf<Weight>& op, int panel) {
  constexpr int vectors = kVectors<Simd, panels>;
  const Weight* weights = op.weights + panel * op.panel_stride;
  Vector<Simd> sums[2][vectors];
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) sums[0][j] = sums[1][j] = Simd::broadcast(0);
  const auto step = [&](int k, Vector<Simd>(&sum)[vectors]) __attribute__((always_inline)) {
    const Vector<Simd> x = Simd::broadcast(op.input[k]);
    DSNET_UNROLL for (int p = 0; p < panels; ++p) {
      constexpr int n = vectors / panels;
      Vector<Simd> w[n];
      load_panel<Simd>(weights + p * op.panel_stride + ptrdiff_t(k) * kPanel, w);
      DSNET_UNROLL for (int j = 0; j < n; ++j) sum[p * n + j] = Simd::fma(x, w[j], sum[p * n + j]);
    }
  };
  int k = 0;
  for (; k + 2 <= op.k; k += 2) step(k, sums[0]), step(k + 1, sums[1]);
  if (k < op.k) step(k, sums[0]);
  Vector<Simd> result[vectors];
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
    const ptrdiff_t channel = ptrdiff_t(panel) * kPanel + j * Simd::lanes;
    const Vector<Simd> scale = scale_at<Simd>(op.epilogue, channel), shift = shift_at<Simd>(op.epilogue, channel);
    result[j] = Simd::fma(sums[0][j] + sums[1][j], scale, shift);
  }
  activate<Simd>(result, op.epilogue.activation);
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) store<Simd>(op.output + ptrdiff_t(panel) * kPanel + j * Simd::lanes, result[j]);
}

template <class Simd, class Weight>
void linear_of(const LinearOf<Weight>& op, Range panels) {
  constexpr int wide = Simd::lanes / 4;  // panels in four vectors
  int panel = panels.begin;
  for (; panel + wide <= panels.end; panel += wide) linear_column_of<Simd, wide>(op, panel);
  for (; panel < panels.end; ++panel) linear_column_of<Simd, 1>(op, panel);
}

}  // namespace dsnet
