#include "kernels/host/tensor_core_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace plumbline::simt {

namespace {

constexpr int kept_bits = 25;
constexpr int inner = 16;

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// |x| = significand * 2^(exponent - 23).
struct parts {
  std::uint64_t significand;
  int exponent;
};

parts parts_of(float x, float least) {
  const std::uint32_t bits = bits_of(x) & 0x7fffffffu;
  const int stored = static_cast<int>(bits >> 23), floor = static_cast<int>(bits_of(least) >> 23);
  const std::uint64_t significand = stored ? (bits & 0x7fffffu) | 0x800000u : bits;
  const int exponent = stored ? stored : 1;
  if (exponent >= floor) return {significand, exponent - 127};
  return {significand >> (floor - exponent), floor - 127};  // exact: a subnormal of its format has few bits
}

/// magnitude * 2^quantum, cut toward zero to a float.
float cut_to_float(std::uint64_t magnitude, int quantum) {
  if (magnitude == 0) return 0;
  const int top = 63 - std::countl_zero(magnitude) + quantum;
  if (top >= 128) return float_of(0x7f800000u);
  const int step = std::max(top - 23, -149);
  if (step > quantum) magnitude = step - quantum < 64 ? magnitude >> (step - quantum) : 0;
  return static_cast<float>(std::ldexp(static_cast<double>(magnitude), std::max(step, quantum)));
}

}  // namespace

float truncated_sum(const float* a, const float* b, int stride, float c, float least) {
  bool invalid = std::isnan(c), up = std::isinf(c) && c > 0, down = std::isinf(c) && c < 0;
  int top = -1000;
  for (int k = 0; k < inner; ++k) {
    const float x = a[k], y = b[k * stride];
    if (std::isinf(x) || std::isinf(y)) {
      invalid |= x == 0 || y == 0;
      (std::signbit(x) == std::signbit(y) ? up : down) = true;
    }
    invalid |= std::isnan(x) || std::isnan(y);
    if (x != 0 && y != 0) top = std::max(top, parts_of(x, least).exponent + parts_of(y, least).exponent);
  }
  if (invalid || (up && down)) return float_of(0x7fffffffu);
  if (up || down) return float_of(up ? 0x7f800000u : 0xff800000u);
  const parts added = parts_of(c, 0x1p-126f);
  if (c != 0) top = std::max(top, added.exponent);

  std::int64_t sum = 0;
  const auto add = [&](bool negative, std::uint64_t significand, int exponent) {
    const int drop = top - kept_bits - exponent;
    const std::uint64_t cut = drop <= 0 ? significand << -drop : drop < 64 ? significand >> drop : 0;
    sum += negative ? -static_cast<std::int64_t>(cut) : static_cast<std::int64_t>(cut);
  };
  for (int k = 0; k < inner; ++k) {
    const float x = a[k], y = b[k * stride];
    if (x == 0 || y == 0) continue;
    const parts p = parts_of(x, least), q = parts_of(y, least);
    add(std::signbit(x) != std::signbit(y), p.significand * q.significand, p.exponent + q.exponent - 46);
  }
  if (c != 0) add(std::signbit(c), added.significand, added.exponent - 23);
  const float result = cut_to_float(static_cast<std::uint64_t>(std::abs(sum)), top - kept_bits);
  return sum < 0 ? -result : result;
}

#if defined(__AVX2__)

namespace {

constexpr float fast_lowest = 0x1p-90f, fast_highest = 0x1p90f;

/// The power of two of each nonzero element, at least `least`; 0 of 0.
__m256 powers_of(__m256 x, __m256 least) {
  const __m256 power = _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000)));
  const __m256 zero = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_EQ_OQ);
  return _mm256_andnot_ps(zero, _mm256_max_ps(power, least));
}

/// The largest or smallest of eight.
float extreme(__m256 x, bool largest) {
  alignas(32) float each[8];
  _mm256_store_ps(each, x);
  return largest ? *std::max_element(each, each + 8) : *std::min_element(each, each + 8);
}

/// Four outputs: the exact sum of two halves in units of 2^(E-25), back to scale and cut to 24 bits.
__m128 joined(__m128i first, __m128i second, __m128 unit) {
  const __m256d sum = _mm256_mul_pd(_mm256_add_pd(_mm256_cvtepi32_pd(first), _mm256_cvtepi32_pd(second)),
                                    _mm256_cvtps_pd(unit));
  const __m256d kept = _mm256_castsi256_pd(_mm256_set1_epi64x(~((1ll << 29) - 1)));
  return _mm256_cvtpd_ps(_mm256_and_pd(sum, kept));
}

}  // namespace

void multiply_add(mma_tile& tile, float least) {
  alignas(32) float a_power[16][16], b_power[16][8];
  const __m256 floor = _mm256_set1_ps(least), nothing = _mm256_set1_ps(float_of(0x7f800000u));
  __m256 a_largest = _mm256_setzero_ps(), b_largest = a_largest, a_smallest = nothing, b_smallest = nothing;
  const auto take_powers = [&](const float* from, float* to, __m256& largest, __m256& smallest) {
    const __m256 powers = powers_of(_mm256_load_ps(from), floor);
    _mm256_store_ps(to, powers);
    largest = _mm256_max_ps(largest, powers);
    const __m256 zero = _mm256_cmp_ps(powers, _mm256_setzero_ps(), _CMP_EQ_OQ);
    smallest = _mm256_min_ps(smallest, _mm256_blendv_ps(powers, nothing, zero));
  };
  for (int i = 0; i < 16; ++i) {
    take_powers(tile.a[i], a_power[i], a_largest, a_smallest);
    take_powers(tile.a[i] + 8, a_power[i] + 8, a_largest, a_smallest);
    take_powers(tile.b[i], b_power[i], b_largest, b_smallest);
  }
  const bool finite = extreme(_mm256_max_ps(a_largest, b_largest), true) < float_of(0x7f800000u);
  const bool none_vanishes = extreme(a_smallest, false) * extreme(b_smallest, false) >= 0x1p-126f;

  for (int i = 0; i < 16; ++i) {
    const __m256 c = _mm256_load_ps(tile.d[i]);
    __m256 top = powers_of(c, _mm256_setzero_ps());
    for (int k = 0; k < 16; ++k)
      top =
          _mm256_max_ps(top, _mm256_mul_ps(_mm256_broadcast_ss(&a_power[i][k]), _mm256_load_ps(b_power[k])));
    if (none_vanishes) {  // then a top of 0 with c = 0 means that every term is zero
      const __m256 no_terms = _mm256_cmp_ps(_mm256_or_ps(top, c), _mm256_setzero_ps(), _CMP_EQ_OQ);
      top = _mm256_blendv_ps(top, _mm256_set1_ps(1), no_terms);
    }
    const __m256 in_range = _mm256_and_ps(_mm256_cmp_ps(top, _mm256_set1_ps(fast_lowest), _CMP_GE_OQ),
                                          _mm256_cmp_ps(top, _mm256_set1_ps(fast_highest), _CMP_LE_OQ));
    if (!finite || _mm256_movemask_ps(in_range) != 0xff) {
      for (int n = 0; n < 8; ++n)
        tile.d[i][n] = truncated_sum(tile.a[i], &tile.b[0][n], 8, tile.d[i][n], least);
      continue;
    }
    const __m256i top_bits = _mm256_castps_si256(top);
    const __m256 scale =
        _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32((2 * 127 + kept_bits) << 23), top_bits));
    const __m256 unit = _mm256_castsi256_ps(_mm256_sub_epi32(top_bits, _mm256_set1_epi32(kept_bits << 23)));
    __m256i sums[2] = {_mm256_cvttps_epi32(_mm256_mul_ps(c, scale)), _mm256_setzero_si256()};
    for (int k = 0; k < 16; ++k) {
      const __m256 product = _mm256_mul_ps(_mm256_broadcast_ss(&tile.a[i][k]), _mm256_load_ps(tile.b[k]));
      sums[k / 8] = _mm256_add_epi32(sums[k / 8], _mm256_cvttps_epi32(_mm256_mul_ps(product, scale)));
    }
    _mm_store_ps(tile.d[i], joined(_mm256_castsi256_si128(sums[0]), _mm256_castsi256_si128(sums[1]),
                                   _mm256_castps256_ps128(unit)));
    _mm_store_ps(tile.d[i] + 4, joined(_mm256_extracti128_si256(sums[0], 1),
                                       _mm256_extracti128_si256(sums[1], 1), _mm256_extractf128_ps(unit, 1)));
  }
}

#else

void multiply_add(mma_tile& tile, float least) {
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n)
      tile.d[i][n] = truncated_sum(tile.a[i], &tile.b[0][n], 8, tile.d[i][n], least);
}

#endif

}  // namespace plumbline::simt
