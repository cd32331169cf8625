// A policy as kernels follow it: one group's magnitudes to a scale, one element to its code.
//
// Every step is a single IEEE operation or integer work, so the bytes are the policy's nominal ones on every
// side.  The largest magnitude is a maximum of integers: magnitudes order as their bits do, and NaN, where it
// counts, lies above infinity; no order of the elements can change it.
//
// 2^ceil(log2 s) with an fp32 logarithm needs no logarithm.  A scale 2^k (1 + j 2^-23) is taken for 2^k when
// log2(1 + j 2^-23) stays below half the spacing of floats next to k, on the side toward zero for negative k:
// with |k| in (2^e, 2^(e+1)] (k > 0: [2^e, 2^(e+1))) that is j < ln 2 * 2^(e-1), never near an integer.
#pragma once

#include "kernels/core/convert.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

using namespace kernels;

/// What of a policy a kernel needs, its constants rounded to the types in which they are compared.
struct writer {
  float limit, one_over_limit;
  float amax_ceiling, amax_floor, scale_floor;  // ceiling 0: none
  bool nan_in_amax, scale_in_input;
  scaling scale_by;
  power_of_two up;
  quotient ratio;
  beyond overflow;
  nan_code nan;
  zero_scale zero;
  rounding round;
};

inline writer writer_of(const policy& p, dtype in, double ceiling = 0) {
  const auto limit = static_cast<float>(limit_of(p.code)), floor = static_cast<float>(p.amax_floor);
  const float in_type = static_cast<float>(round_to(in, static_cast<double>(floor)));
  return {limit,
          1.0f / limit,
          static_cast<float>(ceiling),
          p.amax_in == working::input ? in_type : floor,
          static_cast<float>(p.scale_floor),
          p.nan_in_amax,
          p.scale_in == working::input,
          p.scale_by,
          p.up,
          p.ratio,
          p.overflow,
          p.nan,
          p.zero,
          p.round};
}

/// What an element adds to the largest magnitude, as bits.
__device__ __forceinline__ std::uint32_t magnitude_of(const writer& w, float x) {
  const std::uint32_t bits = bits_of(x) & 0x7fffffffu;
  const std::uint32_t of_nan = w.nan_in_amax ? 0x7fc00000u : 0u;
  return bits > 0x7f800000u ? of_nan : bits;
}

__device__ __forceinline__ std::uint32_t larger(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }

/// The smallest power of two that is at least s, by exponent bits; subnormal s gives 2^-126.
__device__ __forceinline__ float up_by_exponent(float s) {
  const std::uint32_t bits = bits_of(s), field = bits >> 23 & 0xffu;
  const bool stays = field == 0xffu || s == 0.0f;
  return stays ? s : float_of((field + ((bits & 0x7fffffu) != 0 ? 1u : 0u)) << 23);
}

/// The largest j for which 2^k (1 + j 2^-23) has the fp32 logarithm k.
__device__ __forceinline__ std::uint32_t lost_by_logarithm(int k) {
  const unsigned size = static_cast<unsigned>(k < 0 ? -1 - k : k);  // spacing changes at its powers of two
  if (size < 4) return 0;                                           // e = 0, 1: ln 2 * 2^(e-1) < 1
  return size < 8 ? 1 : size < 16 ? 2 : size < 32 ? 5 : size < 64 ? 11 : size < 128 ? 22 : 44;
}

/// 2^ceil(log2 s), the logarithm rounded to fp32.  s >= 0.
__device__ __forceinline__ float up_by_logarithm(float s) {
  if (!(s > 0.0f) || s == float_of(0x7f800000u)) return s;
  const bool tiny = s < 0x1p-126f;
  const std::uint32_t bits = bits_of(tiny ? s * 0x1p24f : s), fraction = bits & 0x7fffffu;
  const int k = static_cast<int>(bits >> 23) - 127 - (tiny ? 24 : 0);
  const int raised = fraction > lost_by_logarithm(k) ? k + 1 : k;
  if (raised < -126) return float_of(1u << (raised + 149));
  return float_of(static_cast<std::uint32_t>(raised + 127) << 23);
}

/// A group's scale and how its elements meet it.
struct group_codes {
  float scale, factor;
  bool divide, zero;  // zero: codes 0x00 but for NaN
};

/// Of a scale; `amax` as the policy sees it.
__device__ __forceinline__ group_codes group_under(const writer& w, float scale, float amax) {
  const bool by_amax = w.ratio == quotient::limit_over_amax && w.up == power_of_two::no;
  return {scale, by_amax ? w.limit / amax : 1.0f / scale, w.ratio == quotient::divide,
          scale == 0.0f && w.zero == zero_scale::zero_codes};
}

/// Of the largest magnitude's bits.
template <dtype In>
__device__ __forceinline__ group_codes group_of(const writer& w, std::uint32_t magnitude) {
  float amax = float_of(magnitude);
  if (w.amax_ceiling > 0.0f && amax > w.amax_ceiling) amax = w.amax_ceiling;
  if (amax < w.amax_floor) amax = w.amax_floor;
  float scale = w.scale_by == scaling::divide ? amax / w.limit : amax * w.one_over_limit;
  if (w.scale_in_input) scale = load_as<In>(store_as<In>(scale));
  if (scale < w.scale_floor) scale = w.scale_floor;
  if (w.up == power_of_two::bits) scale = up_by_exponent(scale);
  if (w.up == power_of_two::log2) scale = up_by_logarithm(scale);
  if (scale != scale) scale = float_of(0x7fc00000u);
  return group_under(w, scale, amax);
}

__device__ __forceinline__ std::uint32_t e4m3_of(const writer& w, float q) {
  if (q != q) return w.nan == nan_code::either_end ? 0xfeu : 0x7fu;
  const bool lost = w.overflow == beyond::nan && (bits_of(q) & 0x7fffffffu) > 0x43e80000u;  // 464
  return lost ? (bits_of(q) >> 24 & 0x80u) | 0x7fu : e4m3_code(q);
}

__device__ __forceinline__ std::uint32_t i8_of(const writer& w, float q) {
  if (q != q) return 0;
  if (w.overflow != beyond::wrap) q = q < -128.0f ? -128.0f : q > 127.0f ? 127.0f : q;
  if (!(q > -0x1p31f && q < 0x1p31f)) return 0;  // floats beyond are multiples of 256
  const int whole = static_cast<int>(q);
  const float rest = q - static_cast<float>(whole), far = rest < 0.0f ? -rest : rest;
  const bool away = w.round == rounding::toward_zero ? false
                    : far == 0.5f                    ? w.round == rounding::half_away || whole % 2 != 0
                                                     : far > 0.5f;
  return static_cast<std::uint32_t>(away ? whole + (rest < 0.0f ? -1 : 1) : whole) & 0xffu;
}

/// The code of one element.
template <dtype Code>
__device__ __forceinline__ std::uint32_t code_of(const writer& w, const group_codes& g, float x) {
  static_assert(Code == dtype::e4m3 || Code == dtype::i8);
  const float q = g.divide ? x / g.scale : x * g.factor;
  const float seen = g.zero && x == x ? 0.0f : g.zero ? x : q;
  if constexpr (Code == dtype::e4m3)
    return e4m3_of(w, seen);
  else
    return i8_of(w, seen);
}

/// The byte of a power of two: 0, infinity and NaN have none and give 0xff.
__device__ __forceinline__ std::uint32_t e8m0_byte(float scale) {
  return scale == 0.0f ? 0xffu : bits_of(scale) >> 23;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
