// Scale, shift and activation on vectors. `Simd` is what an instruction set's file defines: the vector type and its
// arithmetic. It is a type of an unnamed namespace there, so that each file's instances of these templates are its own and
// code for one instruction set can never be linked in place of another's.
#pragma once

#include <type_traits>

#include "half_convert.h"

namespace dsnet {

#define DSNET_INLINE [[gnu::always_inline]] inline
#define DSNET_UNROLL _Pragma("GCC unroll 32")

template <class Simd>
using Vector = typename Simd::Vector;

// Hides where an index comes from: otherwise the compiler replaces it by a pointer for every row, each to be advanced.
DSNET_INLINE void opaque(ptrdiff_t& index) { asm("" : "+r"(index)); }

// Elements of any type, as floats.
template <class Simd, class T>
DSNET_INLINE Vector<Simd> load(const T* data) {
  if constexpr (std::is_same_v<T, float>) {
    return *reinterpret_cast<const Vector<Simd>*>(data);
  } else {
    return Simd::widen(data);
  }
}

template <class Simd, class T>
DSNET_INLINE void store(T* data, Vector<Simd> x) {
  if constexpr (std::is_same_v<T, float>) {
    *reinterpret_cast<Vector<Simd>*>(data) = x;
  } else {
    Simd::narrow(x, data);
  }
}

// 2^x: a minimax polynomial of degree 5 over the fraction (relative error 2e-7), and the whole part into the exponent.
template <class Simd>
DSNET_INLINE Vector<Simd> polynomial_exp2(Vector<Simd> x) {
  x = Simd::limit_exponent(x);
  const Vector<Simd> f = Simd::fraction(x);
  constexpr float kPolynomial[] = {0.00187757658f, 0.00898934063f, 0.0558263175f, 0.240153611f, 0.693153083f, 0.99999994f};
  Vector<Simd> y = Simd::broadcast(kPolynomial[0]);
  DSNET_UNROLL for (int i = 1; i < 6; ++i) y = Simd::fma(y, f, Simd::broadcast(kPolynomial[i]));
  return Simd::scale_by_power(y, x);
}

// numerator / (1 + e^(-sharpness * x)). True division: measured faster here than a refined reciprocal.
template <class Simd>
DSNET_INLINE Vector<Simd> logistic(Vector<Simd> numerator, Vector<Simd> x, float sharpness) {
  constexpr float kLog2E = 1.44269504f;
  return numerator / (Simd::exp2(x * Simd::broadcast(-kLog2E * sharpness)) + Simd::broadcast(1));
}

// Activates `count` vectors in place: one branch for all, so that the vectors stay in registers.
template <class Simd, int count>
DSNET_INLINE void activate(Vector<Simd> (&x)[count], Activation activation) {
  const Vector<Simd> zero = Simd::broadcast(0);
  switch (activation) {
    case Activation::none: break;
    case Activation::relu: DSNET_UNROLL for (auto& v : x) v = Simd::max(v, zero); break;
    case Activation::relu6: DSNET_UNROLL for (auto& v : x) v = Simd::min(Simd::max(v, zero), Simd::broadcast(6)); break;
    case Activation::silu: DSNET_UNROLL for (auto& v : x) v = logistic<Simd>(v, v, 1); break;
    case Activation::sigmoid: DSNET_UNROLL for (auto& v : x) v = logistic<Simd>(Simd::broadcast(1), v, 1); break;
    case Activation::one_plus_tanh:  // 1 + tanh(x) = 2 sigmoid(2 x)
      DSNET_UNROLL for (auto& v : x) v = logistic<Simd>(Simd::broadcast(2), v, 2);
      break;
  }
}

template <class Simd>
DSNET_INLINE Vector<Simd> scale_at(const Epilogue& epilogue, ptrdiff_t channel) {
  return epilogue.scale ? load<Simd>(epilogue.scale + channel) : Simd::broadcast(1);
}

template <class Simd>
DSNET_INLINE Vector<Simd> shift_at(const Epilogue& epilogue, ptrdiff_t channel) {
  return epilogue.shift ? load<Simd>(epilogue.shift + channel) : Simd::broadcast(0);
}

}  // namespace dsnet
