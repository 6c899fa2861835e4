// int8 with matrix multiplication (Cortex-A510, A710, X2, Neoverse N2 and later): 4 rows x 1 panel, as clang spills
// the sums of 6. An instruction multiplies
// eight steps of two rows by eight steps of two channels; these lie in two groups of weights, four steps in each.
#include "int8_neon.h"

namespace dsnet {
namespace {

struct Matrix {
  static constexpr int tile_rows = 4;

  static constexpr int madds = 32;
  static void add_products(int32x4_t& tile, int8x16_t x, int8x16_t w) { tile = vmmlaq_s32(tile, x, w); }

  // Eight steps: tiles[pair][j] holds the sums of two rows and two channels.
  template <int pairs>
  DSNET_INLINE static void step(int32x4_t (&tiles)[pairs][2 * kQuads], const int8x16_t (&x)[pairs], const int8_t* weights,
                                const int8_t* next) {
    DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
      const int32x4_t w = vreinterpretq_s32_s8(vld1q_s8(weights + 16 * j));
      const int32x4_t w2 = vreinterpretq_s32_s8(vld1q_s8(next + 16 * j));
      const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(w, w2)), high = vreinterpretq_s8_s32(vzip2q_s32(w, w2));
      DSNET_UNROLL for (int p = 0; p < pairs; ++p) {
        tiles[p][2 * j] = vmmlaq_s32(tiles[p][2 * j], x[p], low);
        tiles[p][2 * j + 1] = vmmlaq_s32(tiles[p][2 * j + 1], x[p], high);
      }
    }
  }

  // Two rows of 16 steps, as the first and the last eight of both.
  DSNET_INLINE static void interleave(int8x16_t even, int8x16_t odd, int8x16_t& first, int8x16_t& last) {
    const int64x2_t a = vreinterpretq_s64_s8(even), b = vreinterpretq_s64_s8(odd);
    first = vreinterpretq_s8_s64(vzip1q_s64(a, b));
    last = vreinterpretq_s8_s64(vzip2q_s64(a, b));
  }

  template <int rows>
  DSNET_INLINE static void accumulate(Sums (&sums)[rows], const Sums& first, const Int8Pointwise& op, const int8_t* input,
                                      const int8_t* weights) {
    constexpr int pairs = (rows + 1) / 2;  // an odd row is its own partner
    int32x4_t tiles[pairs][2 * kQuads];
    DSNET_UNROLL for (auto& pair : tiles) { DSNET_UNROLL for (auto& tile : pair) tile = vdupq_n_s32(0); }
    int8x16_t low[pairs], high[pairs];
    ptrdiff_t k = 0;
    const auto row = [&](int i) { return input + (i < rows ? i : rows - 1) * op.input_stride + k; };
    for (; k + 16 <= op.k; k += 16, weights += 16 * kPanel) {
      opaque(k);
      DSNET_UNROLL for (int p = 0; p < pairs; ++p) {
        interleave(vld1q_s8(row(2 * p)), vld1q_s8(row(2 * p + 1)), low[p], high[p]);
      }
      step<pairs>(tiles, low, weights, weights + 4 * kPanel);
      step<pairs>(tiles, high, weights + 8 * kPanel, weights + 12 * kPanel);
    }
    if (const int left = op.k - int(k); left > 0) {
      DSNET_UNROLL for (int p = 0; p < pairs; ++p) {
        interleave(first_bytes(row(2 * p), left), first_bytes(row(2 * p + 1), left), low[p], high[p]);
      }
      // A group that has no steps of this path may not be there: any other does for inputs that are zero.
      step<pairs>(tiles, low, weights, weights + (left > 4 ? 4 * kPanel : 0));
      if (left > 8) step<pairs>(tiles, high, weights + 8 * kPanel, weights + (left > 12 ? 12 : 8) * kPanel);
    }
    DSNET_UNROLL for (int i = 0; i < rows; ++i) {
      DSNET_UNROLL for (int j = 0; j < kQuads; ++j) {
        const int64x2_t left = vreinterpretq_s64_s32(tiles[i / 2][2 * j]), right = vreinterpretq_s64_s32(tiles[i / 2][2 * j + 1]);
        const int64x2_t joined = i % 2 == 0 ? vzip1q_s64(left, right) : vzip2q_s64(left, right);
        sums[i].quad[j] = vaddq_s32(first.quad[j], vreinterpretq_s32_s64(joined));
      }
    }
  }
};

}  // namespace

const Int8Kernels kInt8NeonI8mmKernels = neon_int8_kernels<Matrix>("neon-i8mm");

}  // namespace dsnet
