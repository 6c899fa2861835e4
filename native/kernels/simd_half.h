// Sums over 16-bit maps and weights in float32, for instruction sets that broadcast from memory: the inputs of a tile are widened
// into a buffer, 16 steps at a time, and the weights as they are loaded.
#pragma once

#include "simd_depthwise.h"

namespace dsnet {

template <class Simd, int rows>
struct WideInputs {
  alignas(64) float x[rows][kPanel];

  template <class Map>
  DSNET_INLINE void read(const Map* input, ptrdiff_t input_stride) {
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      DSNET_UNROLL for (int c = 0; c < kPanel; c += Simd::lanes) store<Simd>(&x[i][c], load<Simd>(input + i * input_stride + c));
    }
  }
};

// Two steps, whose weights lie together; or the first `steps` of them.
template <class Simd, int rows, int vectors, bool ahead, int steps>
DSNET_INLINE void accumulate_pair(Vector<Simd> (&sums)[rows * vectors], const float* inputs, const Bf16* weights,
                                  ptrdiff_t panel_stride) {
  constexpr int panels = vectors * Simd::lanes / kPanel, per_panel = vectors / panels;
  if constexpr (ahead) {
    DSNET_UNROLL for (int p = 0; p < panels; ++p) __builtin_prefetch(weights + (panels + p) * panel_stride, 0, 2);
  }
  DSNET_UNROLL for (int step = 0; step < steps; ++step) {
    Vector<Simd> w[vectors];
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const Bf16* pairs = weights + j / per_panel * panel_stride + j % per_panel * 2 * Simd::lanes;
      w[j] = step == 0 ? Simd::even(pairs) : Simd::odd(pairs);
    }
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      const Vector<Simd> x = Simd::broadcast(inputs[i * kPanel + step]);
      DSNET_UNROLL for (int j = 0; j < vectors; ++j) sums[i * vectors + j] = Simd::fma(x, w[j], sums[i * vectors + j]);
    }
  }
}

template <class Simd, int rows, int vectors, bool ahead>
DSNET_INLINE void accumulate_widened(Vector<Simd> (&sums)[rows * vectors], const Bf16* input, ptrdiff_t input_stride,
                                     const Bf16* weights, ptrdiff_t panel_stride, int length) {
  WideInputs<Simd, rows> inputs;
  for (; length > 0; length -= kPanel, input += kPanel) {
    inputs.read(input, input_stride);
    const int n = length < kPanel ? length : kPanel;
    for (int k = 0; k + 2 <= n; k += 2, weights += 2 * kPanel) {
      accumulate_pair<Simd, rows, vectors, ahead, 2>(sums, &inputs.x[0][k], weights, panel_stride);
    }
    if (n % 2 != 0) accumulate_pair<Simd, rows, vectors, ahead, 1>(sums, &inputs.x[0][n - 1], weights, panel_stride);
  }
}

template <class Simd, int rows, int vectors, bool ahead>
DSNET_INLINE void accumulate_widened(Vector<Simd> (&sums)[rows * vectors], const Fp16* input, ptrdiff_t input_stride,
                                     const Fp16* weights, ptrdiff_t panel_stride, int length) {
  WideInputs<Simd, rows> inputs;
  for (; length > 0; length -= kPanel, input += kPanel, weights += kPanel * kPanel) {
    inputs.read(input, input_stride);
    const int n = length < kPanel ? length : kPanel;
    accumulate<Simd, rows, vectors, ahead>(sums, &inputs.x[0][0], kPanel, weights, panel_stride, n);
  }
}

// An instruction set whose pointwise convolutions of 16-bit maps are summed so; all else is as it is.
template <class Base>
struct Widening : Base {
  template <int rows, int vectors, bool ahead, class In, class Weight>
  DSNET_INLINE static void accumulate(typename Base::Vector (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride,
                                      const Weight* weights, ptrdiff_t panel_stride, int length) {
    if constexpr (std::is_same_v<Weight, float>) {
      dsnet::accumulate<Base, rows, vectors, ahead>(sums, input, input_stride, weights, panel_stride, length);
    } else {
      accumulate_widened<Base, rows, vectors, ahead>(sums, input, input_stride, weights, panel_stride, length);
    }
  }
};

}  // namespace dsnet
