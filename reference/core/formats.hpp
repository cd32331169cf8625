// Number formats, exactly.
//
// Every value that enters or leaves a kernel lives in one of these formats.  Decoding is exact (each code is
// a double); encoding rounds once from double, to nearest, ties to even, so a value that a float cannot hold
// never suffers a double rounding.  All of it is constexpr integer work: the same bits from any compiler, on
// host or device.  Formats follow OCP OFP8 (e4m3fn, e5m2), OCP MX (e8m0) and IEEE 754 (f16, f32); bf16 and
// tf32 are float with 7 and 10 stored fraction bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace plumbline {

enum class dtype : std::uint8_t { f64, f32, tf32, bf16, f16, e4m3, e5m2, e8m0, i32, u8, i8 };

/// What an encoder does with a finite or infinite value beyond the largest finite code.
/// `ieee`: becomes infinity, or NaN where the format has no infinity.  `saturate`: the largest finite code.
enum class overflow : std::uint8_t { ieee, saturate };

/// Shape of a binary floating format.  `max_code`: magnitude code of the largest finite value.
struct format {
  int bits;           // width of a code
  int exponent_bits;  // stored exponent bits
  int fraction_bits;  // stored fraction bits
  int bias;
  bool has_sign;
  bool has_infinity;
  std::uint32_t max_code;
  std::uint32_t nan_code;
};

constexpr format format_of(dtype t) {
  switch (t) {
    case dtype::f32:
      return {32, 8, 23, 127, true, true, 0x7f7fffffu, 0x7fffffffu};
    case dtype::tf32:
      return {32, 8, 10, 127, true, true, 0x7f7fe000u, 0x7fffe000u};  // kept in a float's top bits
    case dtype::bf16:
      return {16, 8, 7, 127, true, true, 0x7f7fu, 0x7fffu};
    case dtype::f16:
      return {16, 5, 10, 15, true, true, 0x7bffu, 0x7fffu};
    case dtype::e4m3:
      return {8, 4, 3, 7, true, false, 0x7eu, 0x7fu};
    case dtype::e5m2:
      return {8, 5, 2, 15, true, true, 0x7bu, 0x7fu};
    case dtype::e8m0:
      return {8, 8, 0, 127, false, false, 0xfeu, 0xffu};
    default:
      return {0, 0, 0, 0, false, false, 0, 0};
  }
}

/// Bytes of one element.
constexpr std::size_t size_of(dtype t) {
  switch (t) {
    case dtype::f64:
      return 8;
    case dtype::f32:
    case dtype::tf32:
    case dtype::i32:
      return 4;
    case dtype::bf16:
    case dtype::f16:
      return 2;
    default:
      return 1;
  }
}

constexpr std::string_view name_of(dtype t) {
  constexpr std::string_view names[] = {"f64",  "f32",  "tf32", "bf16", "f16", "e4m3",
                                        "e5m2", "e8m0", "i32",  "u8",   "i8"};
  return names[static_cast<int>(t)];
}

/// The dtype of a name as printed by `name_of` ("fp16" is accepted for f16, "e4m3fn" for e4m3), or nothing.
constexpr std::optional<dtype> dtype_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(dtype::i8); ++i)
    if (name == name_of(static_cast<dtype>(i))) return static_cast<dtype>(i);
  if (name == "fp16") return dtype::f16;
  if (name == "fp32") return dtype::f32;
  if (name == "e4m3fn") return dtype::e4m3;
  return std::nullopt;
}

/// True for a format with a fraction (everything but the integers).
constexpr bool is_floating(dtype t) { return t != dtype::i32 && t != dtype::u8 && t != dtype::i8; }

/// Exact value of a code.  NaN codes give a quiet NaN.  `t` is not f64 and no integer.
constexpr double decode(dtype t, std::uint32_t code) {
  const format f = format_of(t);
  if (t == dtype::tf32) code >>= 13;  // from here on a 19-bit code
  const int width = t == dtype::tf32 ? 19 : f.bits;
  const std::uint32_t sign = f.has_sign ? (code >> (width - 1)) & 1u : 0u;
  const std::uint32_t magnitude =
      f.has_sign ? code & ((1u << (width - 1)) - 1u) : code & ((1ull << width) - 1ull);
  const std::uint32_t max_code = t == dtype::tf32 ? f.max_code >> 13 : f.max_code;
  const std::uint64_t sign_bit = static_cast<std::uint64_t>(sign) << 63;
  if (magnitude > max_code) {
    const bool infinite = f.has_infinity && magnitude == max_code + 1;
    return std::bit_cast<double>(sign_bit | (infinite ? 0x7ff0000000000000ull : 0x7ff8000000000000ull));
  }
  const int stored = static_cast<int>(magnitude >> f.fraction_bits);
  std::uint64_t fraction = magnitude & ((1u << f.fraction_bits) - 1u);
  if (t == dtype::e8m0) return std::bit_cast<double>(static_cast<std::uint64_t>(stored - 127 + 1023) << 52);
  int exponent = stored - f.bias;
  if (stored == 0) {  // zero or subnormal: normalise, a double holds every one of them as a normal number
    if (fraction == 0) return std::bit_cast<double>(sign_bit);
    exponent = 1 - f.bias;
    while (!(fraction >> f.fraction_bits)) fraction <<= 1, --exponent;
    fraction &= (1ull << f.fraction_bits) - 1ull;
  }
  return std::bit_cast<double>(sign_bit | static_cast<std::uint64_t>(exponent + 1023) << 52 |
                               fraction << (52 - f.fraction_bits));
}

/// Code of `x` in format `t`, rounded once to nearest even.  e8m0 holds positive powers of two only: it
/// rounds the exponent to nearest (ties to the even exponent code); zero, negative values and NaN give its
/// NaN code, and values below 2^-127 its smallest code.  `t` is not f64 and no integer.
constexpr std::uint32_t encode(dtype t, double x, overflow rule = overflow::ieee) {
  const format f = format_of(t);
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const bool negative = bits >> 63;
  const int lift = t == dtype::tf32 ? 13 : 0;
  const std::uint32_t sign = negative && f.has_sign ? 1u << (f.bits - 1) : 0u;
  const std::uint32_t max_code = f.max_code >> lift;
  const std::uint32_t beyond =
      rule == overflow::saturate ? f.max_code : (f.has_infinity ? (max_code + 1) << lift : f.nan_code);
  if (x != x) return sign | f.nan_code;
  if (!f.has_sign && (negative || x == 0)) return f.nan_code;
  if ((bits << 1) == 0) return sign;
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  if (exponent == 1024) return sign | beyond;
  if (exponent == -1023) return t == dtype::e8m0 ? 0u : sign;  // below half of every format's smallest step
  const std::uint64_t significand = (bits & 0xfffffffffffffull) | 1ull << 52;
  const int least =
      t == dtype::e8m0 ? -127 : 1 - f.bias;  // exponent of the smallest normal (e8m0: smallest) code
  const int drop = 52 - f.fraction_bits + (exponent < least ? least - exponent : 0);
  if (t == dtype::e8m0 && exponent < least) return 0u;
  if (drop > 54) return sign;
  std::uint64_t kept = significand >> drop;
  const std::uint64_t rest = significand & ((1ull << drop) - 1ull);
  const std::uint64_t half = 1ull << (drop - 1);
  const std::uint64_t base = exponent < least
                                 ? 0ull
                                 : static_cast<std::uint64_t>(exponent - least + (t == dtype::e8m0 ? 0 : 1))
                                       << f.fraction_bits;
  std::uint64_t magnitude = exponent < least ? kept : base + (kept - (1ull << f.fraction_bits));
  if (rest > half || (rest == half && (magnitude & 1))) ++magnitude;
  if (magnitude > max_code) return sign | beyond;
  return sign | static_cast<std::uint32_t>(magnitude) << lift;
}

/// `x` rounded to format `t` and read back.  f64 is the identity.
constexpr double round_to(dtype t, double x, overflow rule = overflow::ieee) {
  return t == dtype::f64 ? x : decode(t, encode(t, x, rule));
}

/// Unit roundoff: half the relative spacing of normal numbers.
constexpr double unit_roundoff(dtype t) {
  if (t == dtype::f64) return 0x1p-53;
  double u = 0.5;
  for (int i = 0; i < format_of(t).fraction_bits; ++i) u *= 0.5;
  return u;
}

/// Spacing of format `t` at |x|: 2^(max(floor(log2|x|), least normal exponent) - fraction bits).
constexpr double ulp(dtype t, double x) {
  const int fraction = t == dtype::f64 ? 52 : format_of(t).fraction_bits;
  const int least = t == dtype::f64 ? -1022 : 1 - format_of(t).bias;
  const int stored = static_cast<int>(std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ff) - 1023;
  const int exponent = (stored < least ? least : stored) - fraction;
  if (exponent < -1022) return std::bit_cast<double>(1ull << (exponent + 1074));
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace plumbline
