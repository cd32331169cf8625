#include "kernels/host/tensor_core_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plumbline::simt {

namespace {

using wide = unsigned __int128;

constexpr std::uint32_t infinity_bits = 0x7f800000u;
constexpr int exponent_of_zero = -126;

float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// |x| = significand * 2^(exponent - 23).
struct parts {
  std::uint64_t significand;
  int exponent;
};

parts parts_of(float x, int least) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x) & 0x7fffffffu;
  const int stored = static_cast<int>(bits >> 23);
  std::uint64_t significand = stored ? (bits & 0x7fffffu) | 0x800000u : bits;
  int exponent = (stored ? stored : 1) - 127;
  for (; exponent > least && significand && significand < 0x800000u; --exponent) significand *= 2;
  if (exponent >= least) return {significand, exponent};
  return {significand >> (least - exponent), least};  // exact: a subnormal of its format has few bits
}

int length_of(wide x) {
  const auto high = static_cast<std::uint64_t>(x >> 64), low = static_cast<std::uint64_t>(x);
  return high ? 128 - std::countl_zero(high) : 64 - std::countl_zero(low);
}

/// x * 2^shift, cut toward zero.
wide shifted(wide x, int shift) {
  if (shift >= 0) return x << shift;
  return shift > -128 ? x >> -shift : 0;
}

/// magnitude * 2^quantum as a number of the rule's result format.
float rounded(const sum_rule& rule, wide magnitude, int quantum) {
  if (magnitude == 0) return 0;
  const int least = 1 - format_of(rule.result).bias, largest = format_of(rule.result).bias;
  const int step = std::max(length_of(magnitude) - 1 + quantum, least) - rule.result_bits;
  wide kept = shifted(magnitude, quantum - step);
  if (rule.last == rounding::nearest_even && step > quantum) {
    const wide rest = magnitude - shifted(kept, step - quantum);
    const wide half = shifted(1, step - quantum - 1);
    if (rest > half || (rest == half && (kept & 1))) ++kept;
  }
  const double value = std::ldexp(static_cast<double>(static_cast<std::uint64_t>(kept)), step);
  return value >= std::ldexp(1.0, largest + 1) ? float_of(infinity_bits) : static_cast<float>(value);
}

float one_sum(const sum_rule& rule, const least_exponents& least, const float* a, const float* b, int stride,
              int count, float c) {
  bool invalid = std::isnan(c), up = std::isinf(c) && c > 0, down = std::isinf(c) && c < 0;
  int top = no_lowest;
  const auto exponent = [&](float x, int lowest) {
    return x == 0 ? exponent_of_zero : parts_of(x, lowest).exponent;
  };
  for (int k = 0; k < count; ++k) {
    const float x = a[k], y = b[k * stride];
    if (std::isinf(x) || std::isinf(y)) {
      invalid |= x == 0 || y == 0;
      (std::signbit(x) == std::signbit(y) ? up : down) = true;
    }
    invalid |= std::isnan(x) || std::isnan(y);
    if (rule.zeros_align || (x != 0 && y != 0))
      top = std::max(top, exponent(x, least.a) + exponent(y, least.b));
  }
  if (invalid || (up && down)) return float_of(0x7fffffffu);
  if (up || down) return float_of(infinity_bits | (up ? 0u : 0x80000000u));
  if (rule.zeros_align || c != 0) top = std::max(top, exponent(c, least.c));
  top = std::max(top, rule.lowest);

  wide plus = 0, minus = 0;
  const auto add = [&](bool negative, std::uint64_t significand, int quantum) {
    (negative ? minus : plus) += shifted(significand, quantum - (top - rule.kept_bits));
  };
  for (int k = 0; k < count; ++k) {
    const float x = a[k], y = b[k * stride];
    if (x == 0 || y == 0) continue;
    const parts p = parts_of(x, least.a), q = parts_of(y, least.b);
    add(std::signbit(x) != std::signbit(y), p.significand * q.significand, p.exponent + q.exponent - 46);
  }
  if (c != 0) {
    const parts added = parts_of(c, least.c);
    add(std::signbit(c), added.significand, added.exponent - 23);
  }
  const float result = rounded(rule, plus > minus ? plus - minus : minus - plus, top - rule.kept_bits);
  return minus > plus && result != 0 ? -result : result;
}

}  // namespace

float truncated_sum(const sum_rule& rule, const least_exponents& least, const float* a, const float* b,
                    int stride, int count, float c) {
  for (int k = 0; k < count; k += rule.products)
    c = one_sum(rule, least, a + k, b + k * stride, stride, std::min(rule.products, count - k), c);
  return c;
}

// Half precision has 11 bits and float more than twice as many: rounding the float sum again is harmless.
float added(float a, float b, dtype format) {
  const float sum = a + b;
  if (std::isnan(sum)) return float_of(0x7fffffffu);
  return format == dtype::f32 ? sum : static_cast<float>(round_to(format, static_cast<double>(sum)));
}

}  // namespace plumbline::simt
