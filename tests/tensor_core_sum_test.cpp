// The tensor core's sum against values derived by hand from the model's definition.  Each case is chosen so
// that a near miss (one kept bit fewer or more, two sums of eight, normalised products, rounding to nearest,
// a chain of fused multiply-adds) gives another result.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/host/tensor_core_generation.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"

namespace plumbline {
namespace {

using simt::least_exponents;
using simt::product_tile;
using simt::rounding;
using simt::rule_for;
using simt::sum_rule;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float one_nan = std::bit_cast<float>(0x7fffffffu);

constexpr sum_rule hopper = rule_for(dtype::f32, 16, 25);
constexpr least_exponents of_bf16 = simt::least_of(dtype::bf16, dtype::bf16, dtype::f32);
constexpr least_exponents of_f16 = simt::least_of(dtype::f16, dtype::f16, dtype::f32);

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

/// One nonzero product: its place in the sum and its factors.
struct term {
  int k;
  float a, b;
};

std::vector<term> same(int from, int count, float a, float b) {
  std::vector<term> terms;
  for (int k = from; k < from + count; ++k) terms.push_back({k, a, b});
  return terms;
}

std::vector<term> both(std::vector<term> first, const std::vector<term>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Holds both implementations, at every place of a tile's border, to one result.
template <sum_rule Rule = hopper, int K = 16>
void check_sum(const std::vector<term>& terms, float c, float expected,
               const least_exponents& least = of_bf16) {
  float a[K] = {}, b[K] = {};
  for (const term& t : terms) a[t.k] = t.a, b[t.k] = t.b;
  BOOST_TEST(bits_of(simt::truncated_sum(Rule, least, a, b, 1, K, c)) == bits_of(expected));
  for (const int row : {0, 7, 15})
    for (const int col : {0, 3, 4, 7}) {
      product_tile<K> tile = {};
      for (int k = 0; k < K; ++k) tile.a[row][k] = a[k], tile.b[k][col] = b[k];
      tile.d[row][col] = c;
      simt::multiply_add<Rule>(tile, least);
      BOOST_TEST(bits_of(tile.d[row][col]) == bits_of(expected));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_core_sum)

BOOST_AUTO_TEST_CASE(twenty_five_fraction_bits_are_kept_of_each_term) {
  check_sum(both({{0, 1, 1}}, same(1, 4, 0x1p-25f, 1)), 0, 0x1.000002p0f);
  check_sum(both({{0, 1, 1}}, same(1, 8, 0x1p-26f, 1)), 0, 1);
  check_sum(same(0, 4, 0x1p-25f, 1), 1, 0x1.000002p0f);
  check_sum(same(0, 8, 0x1p-26f, 1), 1, 1);
}

BOOST_AUTO_TEST_CASE(the_accumulator_is_cut_like_a_product) {
  check_sum({{0, 1, 1}, {1, -1, 1}}, 0x1p-25f, 0x1p-25f);
  check_sum({{0, 1, 1}, {1, -1, 1}}, 0x1.8p-25f, 0x1p-25f);
  check_sum({{0, 1, 1}, {1, -1, 1}}, 0x1p-26f, 0);
}

BOOST_AUTO_TEST_CASE(terms_are_cut_toward_zero_whatever_their_sign) {
  check_sum({{0, -0x1p-30f, 1}}, 1, 1);
  check_sum({{0, 0x1p-30f, 1}}, -1, -1);
}

BOOST_AUTO_TEST_CASE(the_result_is_cut_toward_zero) {
  check_sum({{0, 0x1.8p-24f, 1}}, 1, 1);
  check_sum({{0, -0x1.8p-24f, 1}}, -1, -1);
}

BOOST_AUTO_TEST_CASE(all_sixteen_products_enter_one_sum) {
  check_sum({{0, 1, 1}, {1, -1, 1}, {8, 0x1p-30f, 1}}, 0, 0);
  check_sum({{0, 0x1p-30f, 1}, {14, 1, 1}, {15, -1, 1}}, 0, 0);
}

BOOST_AUTO_TEST_CASE(products_align_by_the_exponents_of_their_factors) {
  check_sum(both({{0, 1.5f, 1.5f}}, same(1, 8, 0x1p-25f, 1)), 0, 2.25f + 0x1p-22f);
}

BOOST_AUTO_TEST_CASE(a_subnormal_factor_has_its_formats_least_exponent) {
  check_sum({{0, 0x1p-24f, 1}}, 0x1p-40f, 0x1p-24f, of_f16);
  check_sum({{0, 0x1p-24f, 1}}, 0x1p-39f, 0x1.0002p-24f, of_f16);
}

BOOST_AUTO_TEST_CASE(sixteen_largest_products_do_not_overflow_their_sum) {
  const float most = 0x1.ffcp0f;
  check_sum(same(0, 16, most, most), 0, 0x1.ff8008p5f, of_f16);
  check_sum(same(0, 16, -most, most), 0, -0x1.ff8008p5f, of_f16);
  check_sum(same(0, 16, most, most), most, 0x1.07bf04p6f, of_f16);
}

BOOST_AUTO_TEST_CASE(tiny_and_huge_exponents_are_summed_exactly_too) {
  check_sum({}, 0x1p-149f, 0x1p-149f);
  check_sum(same(0, 16, 0x1p-75f, 0x1p-76f), 0, 0x1p-147f);
  check_sum({{0, 0x1.8p-75f, 0x1p-74f}}, 0, 0x1p-149f);
  check_sum({{0, 0x1.8p-75f, 0x1p-75f}}, 0, 0);
  check_sum({{0, 0x1p100f, 0x1p27f}, {1, -0x1p100f, 0x1p26f}}, 0, 0x1p126f);
  check_sum({{0, 0x1.8p100f, 0x1.8p27f}, {1, -0x1.8p100f, 0x1p27f}}, 0, 0x1.8p126f);
  check_sum({{0, 0x1p100f, 0x1p27f}, {1, 0x1p100f, 0x1p27f}}, 0, infinity);
  check_sum({{0, -0x1p100f, 0x1p100f}}, 0, -infinity);
}

BOOST_AUTO_TEST_CASE(a_zero_sum_is_plus_zero) {
  check_sum({}, -0.0f, 0);
  check_sum({{0, -1, 0}}, -0.0f, 0);
  check_sum({{0, 1, 1}, {1, 1, -1}}, 0, 0);
}

BOOST_AUTO_TEST_CASE(nan_and_infinity_follow_ieee_with_one_nan) {
  check_sum({{3, quiet_nan, 1}}, 0, one_nan);
  check_sum({{3, 0, infinity}}, 0, one_nan);
  check_sum({{3, 1, 1}}, quiet_nan, one_nan);
  check_sum({{3, infinity, 1}, {4, infinity, -1}}, 0, one_nan);
  check_sum({{3, infinity, -1}}, infinity, one_nan);
  check_sum({{3, infinity, -2}}, 5, -infinity);
  check_sum({{3, 1, 1}}, infinity, infinity);
}

BOOST_AUTO_TEST_CASE(a_result_that_vanishes_is_plus_zero_whatever_its_sign) {
  check_sum({{0, -0x1p-75f, 0x1p-75f}}, 0, 0);
  constexpr sum_rule to_f16 = rule_for(dtype::f16, 16, 25);
  constexpr least_exponents least = simt::least_of(dtype::f16, dtype::f16, dtype::f16);
  check_sum<to_f16>({{0, -0x1p-13f, 0x1p-13f}}, 0, 0, least);
  check_sum<to_f16>({{0, -0x1p-24f, 0x1p-24f}}, -0.0f, 0, least);
}

// 2^128 is where fp32 ends.  Each 2^127 is representable, their sum is not, and a third term brings it back.
BOOST_AUTO_TEST_CASE(a_sum_may_pass_the_largest_number_on_its_way) {
  check_sum({{0, 0x1p100f, 0x1p27f}, {1, 0x1p100f, 0x1p27f}, {2, -0x1p100f, 0x1p27f}}, 0, 0x1p127f);
  check_sum({{0, 0x1p100f, 0x1p30f}, {1, -0x1p100f, 0x1p30f}, {2, 1, 1}}, 0, 0);
  check_sum({{0, 0x1p100f, 0x1p28f}}, -0x1p104f, 0x1.fffffep127f);
}

// Above 1 an f16 steps by 2^-10, so 1 + 2^-11 is a tie; the smallest of all steps by 2^-24.
BOOST_AUTO_TEST_CASE(f16_results_go_to_nearest_even) {
  constexpr sum_rule rule = rule_for(dtype::f16, 16, 25);
  constexpr least_exponents least = simt::least_of(dtype::f16, dtype::f16, dtype::f16);
  check_sum<rule>({{0, 0x1p-11f, 1}}, 1, 1, least);
  check_sum<rule>({{0, 0x1p-11f, 1}, {1, 0x1p-10f, 1}}, 1, 1 + 0x1p-9f, least);
  check_sum<rule>({{0, 0x1p-11f, 1}, {1, 0x1p-12f, 0x1p-12f}}, 1, 1 + 0x1p-10f, least);
  check_sum<rule>({{0, 0x1p-11f, 1}, {1, 0x1p-13f, 0x1p-13f}}, 1, 1,
                  least);                                   // 2^-26 is cut away, a tie is left
  check_sum<rule>({{0, 0x1p-12f, 0x1p-13f}}, 0, 0, least);  // 2^-25: half the least subnormal
  check_sum<rule>({{0, 0x1.8p-12f, 0x1p-13f}}, 0, 0x1p-24f, least);
  check_sum<rule>({{0, 0x1p8f, 0x1p8f}}, -16, infinity, least);  // 65520 is half way to 2^16
  check_sum<rule>({{0, 0x1p8f, 0x1p8f}}, -17, 65504, least);
  check_sum<rule>({{0, 1, 1}}, quiet_nan, one_nan, least);
}

// Thirteen fraction bits: beside 1 a term of 2^-13 counts and one of 2^-14 does not, in any number.
BOOST_AUTO_TEST_CASE(wgmma_of_fp8_keeps_thirteen_bits_of_terms_and_result) {
  constexpr sum_rule rule = rule_for(dtype::f32, 32, 13, 13);
  constexpr least_exponents least = simt::least_of(dtype::e4m3, dtype::e4m3, dtype::f32);
  check_sum<rule, 32>(both({{0, 1, 1}}, same(1, 31, 0x1p-7f, 0x1p-7f)), 0, 1, least);
  check_sum<rule, 32>({{0, 1, 1}, {31, 0x1p-7f, 0x1p-6f}}, 0, 1 + 0x1p-13f, least);
  check_sum<rule, 32>({{0, 1, 1}}, 0x1.8p-13f, 1 + 0x1p-13f, least);
  check_sum<rule, 32>({{0, 1, 1}, {1, 1, 1}}, 0x1p-13f, 2, least);     // kept in the sum, cut from the result
  check_sum<rule, 32>({}, 0x1.0004p0f, 1, least);                      // so the accumulator loses bits too
  check_sum<rule, 32>(same(0, 32, -448, 448), 0, -0x1.88p22f, least);  // 32 * 200704 = 6422528
  check_sum<rule, 32>({{0, 0x1p-9f, 0x1p-9f}, {1, 0x1p-9f, 0x1p-9f}}, 0, 0x1p-17f, least);
}

// A subnormal e4m3 has exponent -6: 2^-9 * 1 sits three bits lower in a sum than 2^-6 * 1 does.
BOOST_AUTO_TEST_CASE(a_subnormal_fp8_factor_has_its_formats_least_exponent) {
  constexpr sum_rule rule = rule_for(dtype::f32, 32, 13, 13);
  constexpr least_exponents least = simt::least_of(dtype::e4m3, dtype::e4m3, dtype::f32);
  check_sum<rule, 32>({{0, 0x1p-9f, 1}}, 0x1p-19f, 0x1.004p-9f, least);
  check_sum<rule, 32>({{0, 0x1p-9f, 1}}, 0x1p-20f, 0x1p-9f, least);
}

// Ampere: 1 - 1 cancels in the first eight, so 2^-30 of the second eight survives; F of 24 drops 2^-25.
BOOST_AUTO_TEST_CASE(ampere_chains_sums_of_eight_and_keeps_a_bit_less) {
  constexpr sum_rule ampere = rule_of(simt::generation::sm_80, {dtype::bf16, dtype::bf16, dtype::f32, 16});
  check_sum<ampere>({{0, 1, 1}, {1, -1, 1}, {8, 0x1p-30f, 1}}, 0, 0x1p-30f);
  check_sum<ampere>({{8, 1, 1}, {9, -1, 1}, {0, 0x1p-30f, 1}}, 0, 0);
  check_sum<ampere>(same(1, 4, 0x1p-25f, 1), 1, 1);
  check_sum<ampere>(same(1, 2, 0x1p-24f, 1), 1, 0x1.000002p0f);
}

// k mod 4 in {0, 1} first.  1 - 1 of the first half cancels before 2^-30 of the second comes, so it stays;
// with the halves the other way round it is cut beside 1.  C comes last, rounded to nearest.
BOOST_AUTO_TEST_CASE(fp8_mma_of_hopper_is_two_f16_sums_and_an_addition) {
  constexpr mma_shape shape = {dtype::e5m2, dtype::e5m2, dtype::f32, 32};
  const auto sum = [](const std::vector<term>& terms, float c) {
    product_tile<32> tile = {};
    for (const term& t : terms) tile.a[9][t.k] = t.a, tile.b[t.k][6] = t.b;
    tile.d[9][6] = c;
    simt::multiply_as<shape>(simt::generation::sm_90a, tile);
    return tile.d[9][6];
  };
  BOOST_TEST(sum({{0, 1, 1}, {1, -1, 1}, {2, 0x1p-15f, 0x1p-15f}}, 0) == 0x1p-30f);
  BOOST_TEST(sum({{28, 1, 1}, {29, -1, 1}, {31, 0x1p-15f, 0x1p-15f}}, 0) == 0x1p-30f);
  BOOST_TEST(sum({{2, 1, 1}, {3, -1, 1}, {0, 0x1p-15f, 0x1p-15f}}, 0) == 0);
  BOOST_TEST(sum({{0, 1, 1}}, 0x1.8p-24f) == 0x1.000002p0f);  // toward zero it would stay 1
  BOOST_TEST(sum({{0, 1, 1}, {1, 0x1p-12f, 0x1p-13f}, {4, 0x1p-12f, 0x1p-13f}}, 0) == 1);
  BOOST_TEST(bits_of(sum({{0, 1, 1}}, quiet_nan)) == 0x7fffffffu);
  BOOST_TEST(bits_of(sum({{0, infinity, 1}}, -infinity)) == 0x7fffffffu);
  BOOST_TEST(bits_of(sum({}, -0.0f)) == 0u);
}

BOOST_AUTO_TEST_CASE(an_unknown_generation_is_refused_by_name) {
  BOOST_TEST((simt::generation_of("sm_89") == simt::generation::sm_89));
  BOOST_CHECK_EXCEPTION(simt::generation_of("sm_90"), bad_argument, [](const bad_argument& e) {
    return std::string(e.what()) == "generation: expected sm_80, sm_89 or sm_90a, got 'sm_90'";
  });
}

namespace {

/// Tiles of random codes, of all exponents or of moderate ones, held to integers.
template <sum_rule Rule, int K>
void check_random_tiles(dtype a_type, dtype b_type) {
  random_stream stream(3, "sum test");
  const least_exponents least = simt::least_of(a_type, b_type, Rule.result);
  for (int round = 0; round < 200; ++round) {
    const auto draw = [&](dtype type) {
      if (stream.chance(0.1)) return 0.0f;
      if (round % 4 == 3) return static_cast<float>(decode(type, stream.bits32()));
      const double x = std::ldexp(stream.normal(), static_cast<int>(stream.integer(-8, 2)));
      return static_cast<float>(round_to(type, x, overflow::saturate));
    };
    product_tile<K> tile;
    for (auto& row : tile.a)
      for (float& x : row) x = draw(a_type);
    for (auto& row : tile.b)
      for (float& x : row) x = draw(b_type);
    for (auto& row : tile.d)
      for (float& x : row)
        x = stream.chance(0.5) ? static_cast<float>(round_to(Rule.result, draw(a_type) * draw(b_type))) : 0;
    product_tile<K> slow = tile;

    simt::multiply_add<Rule>(tile, least);

    simt::multiply_add_by_integers<Rule>(slow, least);
    for (int i = 0; i < 16; ++i)
      for (int n = 0; n < 8; ++n)
        if (bits_of(tile.d[i][n]) != bits_of(slow.d[i][n]))
          BOOST_ERROR("round " << round << ", row " << i << ", column " << n << ": " << tile.d[i][n]
                               << " instead of " << slow.d[i][n]);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(eight_at_once_and_one_by_one_agree_on_random_tiles) {
  using enum dtype;
  check_random_tiles<hopper, 16>(bf16, bf16);
  check_random_tiles<hopper, 16>(f16, f16);
  check_random_tiles<rule_for(f16, 16, 25), 16>(f16, f16);
  check_random_tiles<rule_for(f16, 8, 24), 16>(f16, f16);
  check_random_tiles<rule_for(f32, 8, 24), 16>(bf16, bf16);
  check_random_tiles<rule_for(f32, 16, 26), 16>(bf16, bf16);
  check_random_tiles<rule_for(f32, 8, 25), 8>(tf32, tf32);
  check_random_tiles<rule_for(f32, 4, 25), 4>(tf32, tf32);
  check_random_tiles<rule_for(f32, 32, 13, 13), 32>(e4m3, e4m3);
  check_random_tiles<rule_for(f32, 32, 13, 13), 32>(e5m2, e4m3);
  check_random_tiles<rule_for(f16, 32, 13), 32>(e5m2, e5m2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
