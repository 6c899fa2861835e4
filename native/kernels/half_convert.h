// Sixteen-bit floats to float32 and back, one at a time. Always inlined: the files that share these have other instruction sets.
#pragma once

#include <string.h>

#include "kernels.h"

namespace dsnet {

#define DSNET_CONVERT [[gnu::always_inline]] inline

DSNET_CONVERT float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

DSNET_CONVERT uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

DSNET_CONVERT float to_float(float x) { return x; }

DSNET_CONVERT float to_float(int8_t x) { return x; }

DSNET_CONVERT float to_float(Bf16 x) { return float_of(uint32_t{x.bits} << 16); }

DSNET_CONVERT float to_float(Fp16 x) {
  const uint32_t sign = (x.bits & 0x8000U) << 16, magnitude = x.bits & 0x7fffU;
  if (magnitude >= 0x7c00) return float_of(sign | 0x7f800000 | magnitude << 13);  // infinite or not a number
  // The exponent's bias is 112 too small, which a product puts right for subnormal numbers as well.
  return float_of(sign | bits_of(float_of(magnitude << 13) * 0x1p112F));
}

DSNET_CONVERT void round_to(float x, float& result) { result = x; }

// To nearest even; what is not a number stays so.
DSNET_CONVERT void round_to(float x, Bf16& result) {
  const uint32_t bits = bits_of(x);
  const uint32_t rounded = x == x ? bits + 0x7fff + (bits >> 16 & 1) : bits | 0x400000;
  result.bits = static_cast<uint16_t>(rounded >> 16);
}

DSNET_CONVERT void round_to(float x, Fp16& result) {
  const uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  uint32_t half;
  if (magnitude > 0x7f800000) {
    half = 0x7e00;
  } else if (magnitude >= 0x477ff000) {  // 65520 and more
    half = 0x7c00;
  } else if (magnitude < 0x38800000) {  // subnormal: adding 0.5 leaves the result in the last bits, rounded
    half = bits_of(float_of(magnitude) + 0.5F) - 0x3f000000;
  } else {
    half = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13;
  }
  result.bits = static_cast<uint16_t>(sign | half);
}

}  // namespace dsnet
