// The sum of tensor_core_sum.hpp for a tile of 16 x 8 outputs, eight at once.
//
// In floats: a product of two significands of at most 12 bits is an exact float, scaling by 2^(F-E) is exact,
// and conversion to int32 cuts toward zero.  A term is below 2^(F+2), so an int32 holds a few of them; those
// partial sums are joined in double, where everything is exact until the result's own rounding.  Tiles whose
// exponents leave the range in which all of that holds, or that hold NaN or infinity, take integers, one
// output at a time.  The same bits as `truncated_sum`, from every compiler.
//
// Every rule is a template argument: the loops unroll, and a near miss is the same code with another number.
// Rules whose F does not fit an int32 take integers throughout.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/host/tensor_core_sum.hpp"
#if defined(__AVX2__) && defined(__F16C__)
#include <immintrin.h>
#endif

namespace plumbline::simt {

/// Operands of one m16n8k<K>, as matrices of numbers of any format; d is C before and D after.
template <int K>
struct product_tile {
  alignas(32) float a[16][K];
  alignas(32) float b[K][8];
  alignas(32) float d[16][8];
};

/// d += a b by integers, one output at a time.
template <sum_rule Rule, int K>
void multiply_add_by_integers(product_tile<K>& tile, const least_exponents& least, int first_row = 0,
                              int rows = 16, int first_k = 0, int count = K) {
  for (int i = first_row; i < first_row + rows; ++i)
    for (int n = 0; n < 8; ++n)
      tile.d[i][n] =
          truncated_sum(Rule, least, &tile.a[i][first_k], &tile.b[first_k][n], 8, count, tile.d[i][n]);
}

#if defined(__AVX2__) && defined(__F16C__)

namespace tile_detail {

inline constexpr float fast_lowest = 0x1p-90f, fast_highest = 0x1p90f;
inline constexpr float infinite = std::bit_cast<float>(0x7f800000u);

constexpr float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 127) << 23);
}

/// How many terms of a rule fit an int32 beside the accumulator, as a power of two.
constexpr int terms_of_partial_sum(int kept_bits) {
  int count = 1;
  while ((2ll * count << (kept_bits + 2)) + (2ll << kept_bits) < 1ll << 31) count *= 2;
  return count;
}

/// The power of two of each nonzero element, at least `least`; 0 of 0.
inline __m256 powers_of(__m256 x, __m256 least) {
  const __m256 power = _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000)));
  const __m256 zero = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_EQ_OQ);
  return _mm256_andnot_ps(zero, _mm256_max_ps(power, least));
}

/// The largest or smallest of eight.
inline float extreme(__m256 x, bool largest) {
  alignas(32) float each[8];
  _mm256_store_ps(each, x);
  return largest ? *std::max_element(each, each + 8) : *std::min_element(each, each + 8);
}

/// Powers of all elements of a matrix, the largest, and the smallest that is not zero.
struct power_range {
  float smallest, largest;
};
template <int Elements>
power_range take_powers(const float* from, float* to, int least) {
  const __m256 floor = _mm256_set1_ps(power_of_two(least)), nothing = _mm256_set1_ps(infinite);
  __m256 largest = _mm256_setzero_ps(), smallest = nothing;
  for (int i = 0; i < Elements; i += 8) {
    const __m256 powers = powers_of(_mm256_load_ps(from + i), floor);
    _mm256_store_ps(to + i, powers);
    largest = _mm256_max_ps(largest, powers);
    const __m256 zero = _mm256_cmp_ps(powers, _mm256_setzero_ps(), _CMP_EQ_OQ);
    smallest = _mm256_min_ps(smallest, _mm256_blendv_ps(powers, nothing, zero));
  }
  return {extreme(smallest, false), extreme(largest, true)};
}

/// Four exact sums, rounded as the rule says.
template <sum_rule Rule>
__m128 rounded(__m256d sum) {
  constexpr int cut = 52 - Rule.result_bits;
  if constexpr (Rule.result == dtype::f32 && Rule.last == rounding::nearest_even) {
    static_assert(Rule.result_bits == 23);
    return _mm256_cvtpd_ps(sum);
  } else if constexpr (Rule.result == dtype::f32) {
    const __m256d kept = _mm256_castsi256_pd(_mm256_set1_epi64x(~((1ll << cut) - 1)));
    return _mm256_cvtpd_ps(_mm256_and_pd(sum, kept));
  } else {  // to odd in 24 bits, which no later rounding to 11 mistakes
    const __m256i bits = _mm256_castpd_si256(sum), low = _mm256_set1_epi64x((1ll << 29) - 1);
    const __m256i exact = _mm256_cmpeq_epi64(_mm256_and_si256(bits, low), _mm256_setzero_si256());
    const __m256i sticky = _mm256_andnot_si256(exact, _mm256_set1_epi64x(1ll << 29));
    const __m256d odd = _mm256_castsi256_pd(_mm256_or_si256(_mm256_andnot_si256(low, bits), sticky));
    constexpr int mode = Rule.last == rounding::nearest_even ? _MM_FROUND_TO_NEAREST_INT : _MM_FROUND_TO_ZERO;
    const __m128i half = _mm_cvtps_ph(_mm256_cvtpd_ps(odd), mode | _MM_FROUND_NO_EXC);
    return _mm_add_ps(_mm_cvtph_ps(half), _mm_setzero_ps());  // no -0
  }
}

}  // namespace tile_detail

/// d += a b.
template <sum_rule Rule, int K>
void multiply_add(product_tile<K>& tile, const least_exponents& least) {
  using namespace tile_detail;
  constexpr int bits = Rule.kept_bits;
  if constexpr (bits > 27 || Rule.lowest != no_lowest || Rule.zeros_align) {
    multiply_add_by_integers<Rule>(tile, least);
    return;
  } else {
    constexpr int group = std::min(Rule.products, K);
    constexpr int part = std::min(terms_of_partial_sum(bits), group), parts = group / part;
    static_assert(K % group == 0 && group % part == 0);
    alignas(32) float a_power[16][K], b_power[K][8];
    const power_range a = take_powers<16 * K>(tile.a[0], a_power[0], least.a);
    const power_range b = take_powers<8 * K>(tile.b[0], b_power[0], least.b);
    const bool finite = std::max(a.largest, b.largest) < infinite;
    const bool none_vanishes = a.smallest * b.smallest >= 0x1p-126f;
    const __m256 floor_c = _mm256_set1_ps(power_of_two(least.c));

    for (int first = 0; first < K; first += group)
      for (int i = 0; i < 16; ++i) {
        const __m256 c = _mm256_load_ps(tile.d[i]);
        __m256 top = powers_of(c, floor_c);
        for (int k = first; k < first + group; ++k)
          top = _mm256_max_ps(top,
                              _mm256_mul_ps(_mm256_broadcast_ss(&a_power[i][k]), _mm256_load_ps(b_power[k])));
        if (none_vanishes) {  // then a top of 0 means that every term is zero
          const __m256 no_terms = _mm256_cmp_ps(top, _mm256_setzero_ps(), _CMP_EQ_OQ);
          top = _mm256_blendv_ps(top, _mm256_set1_ps(1), no_terms);
        }
        const __m256 in_range = _mm256_and_ps(_mm256_cmp_ps(top, _mm256_set1_ps(fast_lowest), _CMP_GE_OQ),
                                              _mm256_cmp_ps(top, _mm256_set1_ps(fast_highest), _CMP_LE_OQ));
        if (!finite || _mm256_movemask_ps(in_range) != 0xff) {
          multiply_add_by_integers<Rule>(tile, least, i, 1, first, group);
          continue;
        }
        const __m256i top_bits = _mm256_castps_si256(top);
        const __m256 scale =
            _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32((2 * 127 + bits) << 23), top_bits));
        const __m256 unit = _mm256_castsi256_ps(_mm256_sub_epi32(top_bits, _mm256_set1_epi32(bits << 23)));
        __m256i sums[parts] = {_mm256_cvttps_epi32(_mm256_mul_ps(c, scale))};
        for (int k = 0; k < group; ++k) {
          const __m256 product =
              _mm256_mul_ps(_mm256_broadcast_ss(&tile.a[i][first + k]), _mm256_load_ps(tile.b[first + k]));
          sums[k / part] =
              _mm256_add_epi32(sums[k / part], _mm256_cvttps_epi32(_mm256_mul_ps(product, scale)));
        }
        for (int half = 0; half < 2; ++half) {
          __m256d sum = _mm256_setzero_pd();
          for (int p = 0; p < parts; ++p)
            sum = _mm256_add_pd(sum, _mm256_cvtepi32_pd(half ? _mm256_extracti128_si256(sums[p], 1)
                                                             : _mm256_castsi256_si128(sums[p])));
          const __m128 units = half ? _mm256_extractf128_ps(unit, 1) : _mm256_castps256_ps128(unit);
          _mm_store_ps(&tile.d[i][4 * half], rounded<Rule>(_mm256_mul_pd(sum, _mm256_cvtps_pd(units))));
        }
      }
  }
}

#else

/// d += a b.
template <sum_rule Rule, int K>
void multiply_add(product_tile<K>& tile, const least_exponents& least) {
  multiply_add_by_integers<Rule>(tile, least);
}

#endif

}  // namespace plumbline::simt
