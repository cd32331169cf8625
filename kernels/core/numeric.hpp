// exp2, log2 and tanh with the same bits on a GPU and on a host.
//
// A GPU's own exp2f ends in a hardware approximation that no host has, so kernels that promise the same bits
// on both sides use polynomials in explicit fused multiply-adds: integer work for the exponent, a minimax
// polynomial (coefficients rounded to float one after another, the rest refitted) for the rest.  Nothing here
// depends on contraction flags or on libm.
//
// The stated errors are the largest over all floats, rounded up in the last digit; tests/harness/
// executor_numeric_test.cpp holds them, and contracts quote them.
#pragma once

#include "kernels/core/convert.hpp"
#include "kernels/core/side.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// Relative error of exp2_soft where its result is normal.
inline constexpr double exp2_soft_error = 0x1.22p-24;
/// Error of log2_soft in units in the last place of the result.
inline constexpr double log2_soft_ulps = 1.67;
/// Absolute error of tanh_soft.
inline constexpr double tanh_soft_error = 0x1.a2p-24;

/// a * b + c with one rounding.
__device__ __forceinline__ float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// Square root, correctly rounded.
__device__ __forceinline__ float square_root(float x) {
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__)
  float root;
  asm("sqrt.rn.f32 %0, %1;" : "=f"(root) : "f"(x));
  return root;
#else
  return __builtin_sqrtf(x);
#endif
}

/// 2^x.  Results below 2^-126 are 0, from 2^128 on infinity; NaN stays NaN; exp2_soft(0) is exactly 1.
__device__ __forceinline__ float exp2_soft(float x) {
  constexpr float round_to_integer = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  const float shifted = x + round_to_integer;
  const float rest = x - (shifted - round_to_integer);
  float p = 0x1.416b52p-13f;
  p = fused(p, rest, 0x1.5f082ep-10f);
  p = fused(p, rest, 0x1.3b2de0p-7f);
  p = fused(p, rest, 0x1.c6af7cp-5f);
  p = fused(p, rest, 0x1.ebfbdcp-3f);
  p = fused(p, rest, 0x1.62e430p-1f);
  p = fused(p, rest, 1.0f);
  float result = float_of(bits_of(p) + (bits_of(shifted) << 23));
  result = x < -126.0f ? 0.0f : result;
  result = x >= 128.0f ? float_of(0x7f800000u) : result;
  return x != x ? float_of(0x7fffffffu) : result;
}

/// Base-2 logarithm.  log2_soft(1) is exactly 0, of 0 is -infinity, of anything negative NaN.
__device__ __forceinline__ float log2_soft(float x) {
  const bool tiny = x < 0x1p-126f;
  const std::uint32_t code = bits_of(tiny ? x * 0x1p24f : x);
  const std::uint32_t lifted = code - 0x3f3504f3u;  // exponent counted from sqrt(1/2)
  const int exponent = static_cast<int>(lifted) >> 23;
  const float r = float_of((lifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float q = -0x1.47b5d6p-4f;
  q = fused(q, r, 0x1.4f02eep-3f);
  q = fused(q, r, -0x1.8bda8ap-3f);
  q = fused(q, r, 0x1.abb508p-3f);
  q = fused(q, r, -0x1.eb16eap-3f);
  q = fused(q, r, 0x1.2739aep-2f);
  q = fused(q, r, -0x1.7156c8p-2f);
  q = fused(q, r, 0x1.ec7208p-2f);
  q = fused(q, r, -0x1.715476p-1f);
  q = fused(q, r, 0x1.715476p+0f);
  float result = fused(r, q, static_cast<float>(exponent - (tiny ? 24 : 0)));
  result = x == float_of(0x7f800000u) ? x : result;
  result = x == 0.0f ? float_of(0xff800000u) : result;
  return x >= 0.0f ? result : float_of(0x7fffffffu);
}

/// Hyperbolic tangent: odd polynomial below 0.625, else 1 - 2 / (e^2x + 1); exactly 1 from 9.5 on.
__device__ __forceinline__ float tanh_soft(float x) {
  const float magnitude = float_of(bits_of(x) & 0x7fffffffu);
  const float square = magnitude * magnitude;
  float p = -0x1.750ce4p-8f;
  p = fused(p, square, 0x1.51f8cep-6f);
  p = fused(p, square, -0x1.b835a4p-5f);
  p = fused(p, square, 0x1.1106f6p-3f);
  p = fused(p, square, -0x1.555532p-2f);
  const float near_zero = fused(p * square, magnitude, magnitude);
  const float grown = exp2_soft((magnitude < 9.5f ? magnitude : 9.5f) * 0x1.715476p+1f);
  const float far = magnitude < 9.5f ? 1.0f - 2.0f / (grown + 1.0f) : 1.0f;
  const float result = magnitude < 0.625f ? near_zero : far;
  return x != x ? float_of(0x7fffffffu) : float_of(bits_of(result) | (bits_of(x) & 0x80000000u));
}

/// The larger of two; NaN if either is NaN, and +0 is larger than -0.
__device__ __forceinline__ float maximum(float a, float b) {
  const float larger = a > b ? a : b;
  const float ordered = a == b ? float_of(bits_of(a) & bits_of(b)) : larger;
  return a != a || b != b ? float_of(0x7fffffffu) : ordered;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
