// The one place where moments become factors: in each table's own file a compiler might contract products and sums in its own
// way, and then tables would differ in a last bit.
#include <math.h>

#include "int8.h"

namespace dsnet {

void int8_norm_affine(const Int8GroupNorm& op, int64_t sum, int64_t squares, ptrdiff_t channel, float (&factor)[kPanel],
                      float (&offset)[kPanel]) {
  const double n = double(op.pixels) * kPanel, step = double(op.scale), out = double(op.output_scale);
  const double mean = double(sum) / n, var = double(squares) / n - mean * mean;
  const double inverse = step / sqrt(var * (step * step) + double(op.eps));
  for (int c = 0; c < kPanel; ++c) {
    const auto gamma = double(op.gamma[channel + c]), beta = double(op.beta[channel + c]);
    factor[c] = static_cast<float>(gamma * inverse / out);
    offset[c] = static_cast<float>((beta - gamma * inverse * mean) / out + op.output_zero_point);
  }
}

}  // namespace dsnet
