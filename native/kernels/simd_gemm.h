// Panel GEMM on vectors: pointwise, linear and dense convolution are one register tile walked differently.
//
// A tile holds `rows` x `panels` accumulators. Its inputs are runs of contiguous floats: one run for a pointwise
// convolution; for a dense one, a run a kernel row (or a kernel tap, where pixels are padded). So a convolution reads the
// image in place, without im2col: neighbouring output pixels are rows whose runs overlap.
#pragma once

#include "simd_epilogue.h"

namespace dsnet {

// The runs that make up the inner dimension: `blocks` x `outer` x `inner` runs of `length` floats. Below, what is `blocked` has
// more than one block: a pointwise convolution should not pay for a loop that it has no use for.
struct Runs {
  int blocks, outer, inner, length;
  ptrdiff_t input_block, input_outer, input_inner, weight_block, weight_outer, weight_inner;
};

struct TileJob {
  Runs runs;
  ptrdiff_t input_stride, output_stride, panel_stride;
  Epilogue epilogue;
};

template <class Simd, int panels>
constexpr int kVectors = panels * kPanel / Simd::lanes;  // in a row of the tile

// Where vector `j` of a step begins: vectors fill a panel, then go on in the next.
template <class Simd>
DSNET_INLINE ptrdiff_t vector_offset(int j, ptrdiff_t panel_stride) {
  constexpr int per_panel = kPanel / Simd::lanes;
  return j / per_panel * panel_stride + j % per_panel * Simd::lanes;
}

// sums[i][j] += input[i][k] * weights[k][j] over one run. `ahead`: meanwhile fetch the panels behind these into the L2 cache,
// which the hardware, stopped by every page boundary, brings too late.
template <class Simd, int rows, int vectors, bool ahead = false, class In, class Weight>
DSNET_INLINE void accumulate(Vector<Simd> (&sums)[rows * vectors], const In* input, ptrdiff_t input_stride, const Weight* weights,
                             ptrdiff_t panel_stride, int length) {
  constexpr int panels = vectors * Simd::lanes / kPanel;
  for (int k = 0; k < length; ++k) {
    if constexpr (ahead) {
      DSNET_UNROLL for (int p = 0; p < panels; ++p) __builtin_prefetch(weights + (panels + p) * panel_stride, 0, 2);
    }
    Vector<Simd> w[vectors];
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) w[j] = load<Simd>(weights + vector_offset<Simd>(j, panel_stride));
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      const Vector<Simd> x = Simd::broadcast(to_float(input[i * input_stride]));
      DSNET_UNROLL for (int j = 0; j < vectors; ++j) sums[i * vectors + j] = Simd::fma(x, w[j], sums[i * vectors + j]);
    }
    ++input;
    weights += kPanel;
  }
}

template <class Simd, int rows, int panels, bool blocked, bool ahead = false, class In, class Weight, class Out>
void tile(const TileJob& job, const In* input, const Weight* weights, Out* output, ptrdiff_t channel) {
  constexpr int vectors = kVectors<Simd, panels>;
  Vector<Simd> sums[rows * vectors];
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
  const Runs& runs = job.runs;
  const auto sum_block = [&](const In* from, const Weight* with) __attribute__((always_inline)) {
    for (int outer = 0; outer < runs.outer; ++outer) {
      for (int inner = 0; inner < runs.inner; ++inner) {
        Simd::template accumulate<rows, vectors, ahead>(
            sums, from + outer * runs.input_outer + inner * runs.input_inner, job.input_stride,
            with + outer * runs.weight_outer + inner * runs.weight_inner, job.panel_stride, runs.length);
      }
    }
  };
  if constexpr (blocked) {
    for (int block = 0; block < runs.blocks; ++block) {
      sum_block(input + block * runs.input_block, weights + block * runs.weight_block);
    }
  } else {
    sum_block(input, weights);
  }
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
    const Vector<Simd> scale = scale_at<Simd>(job.epilogue, channel + j * Simd::lanes);
    const Vector<Simd> shift = shift_at<Simd>(job.epilogue, channel + j * Simd::lanes);
    DSNET_UNROLL for (int i = 0; i < rows; ++i) sums[i * vectors + j] = Simd::fma(sums[i * vectors + j], scale, shift);
  }
  activate<Simd>(sums, job.epilogue.activation);
  DSNET_UNROLL for (int i = 0; i < rows; ++i) {
    Out* row = output + i * job.output_stride;
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) store<Simd>(row + j * Simd::lanes, sums[i * vectors + j]);
  }
}

// The last, shorter tile of a column.
template <class Simd, int rows, int panels, bool blocked, class In, class Weight, class Out>
void short_tile(int n, const TileJob& job, const In* input, const Weight* weights, Out* output, ptrdiff_t channel) {
  if constexpr (rows > 0) {
    if (n == rows) return tile<Simd, rows, panels, blocked>(job, input, weights, output, channel);
    short_tile<Simd, rows - 1, panels, blocked>(n, job, input, weights, output, channel);
  }
}

// `n` rows of `panels` panels; the last full tile fetches `ahead`.
template <class Simd, int tile_rows, int panels, bool blocked, class In, class Weight, class Out>
void column(int n, const TileJob& job, const In* input, const Weight* weights, Out* output, ptrdiff_t channel, bool ahead) {
  for (; n >= tile_rows; n -= tile_rows) {
    if (Simd::prefetches && ahead && n < 2 * tile_rows) {
      tile<Simd, tile_rows, panels, blocked, Simd::prefetches>(job, input, weights, output, channel);
    } else {
      tile<Simd, tile_rows, panels, blocked>(job, input, weights, output, channel);
    }
    input += tile_rows * job.input_stride;
    output += tile_rows * job.output_stride;
  }
  short_tile<Simd, tile_rows - 1, panels, blocked>(n, job, input, weights, output, channel);
}

// `n` rows of a range of panels, in the widest tiles that fit; an odd panel is left to a taller tile.
template <class Simd, bool blocked, class In, class Weight, class Out>
void columns(int n, const TileJob& job, const In* input, const Weight* weights, Out* output, Range panels) {
  int panel = panels.begin;
  for (; panel + Simd::tile_panels <= panels.end; panel += Simd::tile_panels) {
    const bool ahead = panel + 2 * Simd::tile_panels <= panels.end;
    column<Simd, Simd::tile_rows, Simd::tile_panels, blocked>(n, job, input, weights + panel * job.panel_stride,
                                                              output + panel * kPanel, ptrdiff_t(panel) * kPanel, ahead);
  }
  for (; panel < panels.end; ++panel) {
    column<Simd, Simd::single_tile_rows, 1, blocked>(n, job, input, weights + panel * job.panel_stride, output + panel * kPanel,
                                                     ptrdiff_t(panel) * kPanel, false);
  }
}

template <class Simd, class Map>
void gemm(const GemmOf<Map>& op, Range rows, Range panels) {
  const TileJob job = {{1, 1, 1, op.k, 0, 0, 0, 0, 0, 0}, op.input_stride, op.output_stride, op.weights.stride, op.epilogue};
  columns<Simd, false>(rows.end - rows.begin, job, op.input + rows.begin * op.input_stride, op.weights.data,
                       op.output + rows.begin * op.output_stride, panels);
}

// Where an output position's window meets the input along one axis: kernel positions [begin, end).
inline Range window_range(int position, int size, const Window& window) {
  const int origin = position * window.stride - window.padding;
  const int end = size - origin < window.kernel ? size - origin : window.kernel;
  const int begin = origin < 0 ? (-origin < window.kernel ? -origin : window.kernel) : 0;
  return {begin, end < begin ? begin : end};
}

// Output positions whose whole window lies inside the input: [begin, end).
inline Range interior(int size, int out_size, const Window& window) {
  const int first = (window.padding + window.stride - 1) / window.stride;
  const int room = size + window.padding - window.kernel;
  const int last = room < 0 ? 0 : room / window.stride + 1;
  const int begin = first < out_size ? first : out_size;
  const int end = last < out_size ? last : out_size;
  return {begin, end < begin ? begin : end};
}

// `n` output pixels of one row that share the kernel positions `ky` x `kx`.
template <class Simd, bool blocked, class In, class Map>
void conv2d_pixels(const Conv2dOf<In, Map>& op, int y, int x, int n, Range ky, Range kx, Range panels) {
  const auto [kernel, stride, padding] = op.window;
  const int block = blocked ? kPanel : op.c_in, taps = kx.end - kx.begin;
  const bool dense = op.input_stride == block;  // a kernel row is then one run
  TileJob job = {};
  job.runs.blocks = blocked ? op.c_in / kPanel : 1;
  job.runs.outer = ky.end - ky.begin;
  job.runs.inner = dense ? 1 : taps;
  job.runs.length = dense ? taps * block : block;
  job.runs.input_block = block;
  job.runs.input_outer = op.w * op.input_stride;
  job.runs.input_inner = op.input_stride;
  job.runs.weight_block = ptrdiff_t(kernel) * kernel * block * kPanel;
  job.runs.weight_outer = ptrdiff_t(kernel) * block * kPanel;
  job.runs.weight_inner = ptrdiff_t(block) * kPanel;
  job.input_stride = stride * op.input_stride;
  job.output_stride = op.output_stride;
  job.panel_stride = op.weights.stride;
  job.epilogue = op.epilogue;
  const ptrdiff_t in_y = y * stride - padding + ky.begin, in_x = x * stride - padding + kx.begin;
  const ptrdiff_t first_tap = ptrdiff_t(ky.begin) * kernel + kx.begin;
  const In* input = op.input + (in_y * op.w + in_x) * op.input_stride;
  const float* weights = op.weights.data + first_tap * block * kPanel;
  Map* output = op.output + (ptrdiff_t(y) * op.out_w + x) * op.output_stride;
  columns<Simd, blocked>(n, job, input, weights, output, panels);
}

template <class Simd, bool blocked, class In, class Map>
void conv2d_rows(const Conv2dOf<In, Map>& op, Range out_rows, Range panels) {
  const Range inside = interior(op.w, op.out_w, op.window);
  for (int y = out_rows.begin; y < out_rows.end; ++y) {
    const Range ky = window_range(y, op.h, op.window);
    const auto edge = [&](int x) { conv2d_pixels<Simd, blocked>(op, y, x, 1, ky, window_range(x, op.w, op.window), panels); };
    for (int x = 0; x < inside.begin; ++x) edge(x);
    conv2d_pixels<Simd, blocked>(op, y, inside.begin, inside.end - inside.begin, ky, {0, op.window.kernel}, panels);
    for (int x = inside.end; x < op.out_w; ++x) edge(x);
  }
}

template <class Simd, class In, class Map>
void conv2d(const Conv2dOf<In, Map>& op, Range out_rows, Range panels) {
  const bool blocked = op.c_in > conv2d_block(op.c_in);
  return blocked ? conv2d_rows<Simd, true>(op, out_rows, panels) : conv2d_rows<Simd, false>(op, out_rows, panels);
}

// One row times `panels` panels. Even and odd steps are summed apart, so that enough sums are in flight. `ahead` fetches as
// many panels behind these.
template <class Simd, int panels, bool ahead>
void linear_column(const Gemm& op, int panel) {
  constexpr int vectors = kVectors<Simd, panels>;
  const float* weights = op.weights.data + panel * op.weights.stride;
  Vector<Simd> sums[2 * vectors];
  DSNET_UNROLL for (auto& sum : sums) sum = Simd::broadcast(0);
  int k = 0;
  for (; k + 2 <= op.k; k += 2, weights += 2 * kPanel) {
    if constexpr (ahead) {
      DSNET_UNROLL for (int p = 0; p < 2 * panels; ++p) {
        __builtin_prefetch(weights + (panels + p / 2) * op.weights.stride + p % 2 * kPanel, 0, 2);
      }
    }
    const Vector<Simd> even = Simd::broadcast(op.input[k]), odd = Simd::broadcast(op.input[k + 1]);
    DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
      const float* w = weights + vector_offset<Simd>(j, op.weights.stride);
      sums[j] = Simd::fma(even, load<Simd>(w), sums[j]);
      sums[vectors + j] = Simd::fma(odd, load<Simd>(w + kPanel), sums[vectors + j]);
    }
  }
  Vector<Simd> result[vectors];
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) {
    const float* w = weights + vector_offset<Simd>(j, op.weights.stride);
    if (k < op.k) sums[j] = Simd::fma(Simd::broadcast(op.input[k]), load<Simd>(w), sums[j]);
    const ptrdiff_t channel = ptrdiff_t(panel) * kPanel + j * Simd::lanes;
    const Vector<Simd> scale = scale_at<Simd>(op.epilogue, channel), shift = shift_at<Simd>(op.epilogue, channel);
    result[j] = Simd::fma(sums[j] + sums[vectors + j], scale, shift);
  }
  activate<Simd>(result, op.epilogue.activation);
  DSNET_UNROLL for (int j = 0; j < vectors; ++j) store<Simd>(op.output + ptrdiff_t(panel) * kPanel + j * Simd::lanes, result[j]);
}

template <class Simd>
void linear(const Gemm& op, Range panels) {
  constexpr int wide = Simd::lanes / 4;  // panels in four vectors
  constexpr int kShort = 512;            // panels so short that the hardware's prefetchers do not find their pace
  int panel = panels.begin;
  if (Simd::prefetches && op.k < kShort) {
    for (; panel + 2 * wide <= panels.end; panel += wide) linear_column<Simd, wide, Simd::prefetches>(op, panel);
  }
  for (; panel + wide <= panels.end; panel += wide) linear_column<Simd, wide, false>(op, panel);
  for (; panel < panels.end; ++panel) linear_column<Simd, 1, false>(op, panel);
}

}  // namespace dsnet
