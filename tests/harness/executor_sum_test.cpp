// The tensor core's sum against values derived by hand from the model's definition.  Each case is chosen so
// that a near miss (one kept bit fewer or more, two sums of eight, normalised products, rounding to nearest,
// a chain of fused multiply-adds) gives another result.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/host/tensor_core_sum.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/random.hpp"

namespace plumbline {
namespace {

using simt::mma_tile;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float least_of_bf16 = 0x1p-126f, least_of_f16 = 0x1p-14f;

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
void check_sum(const std::vector<term>& terms, float c, float expected, float least = least_of_bf16) {
  float a[16] = {}, b[16] = {};
  for (const term& t : terms) a[t.k] = t.a, b[t.k] = t.b;
  BOOST_TEST(bits_of(simt::truncated_sum(a, b, 1, c, least)) == bits_of(expected));
  for (const int row : {0, 7, 15})
    for (const int col : {0, 3, 4, 7}) {
      mma_tile tile = {};
      for (int k = 0; k < 16; ++k) tile.a[row][k] = a[k], tile.b[k][col] = b[k];
      tile.d[row][col] = c;
      simt::multiply_add(tile, least);
      BOOST_TEST(bits_of(tile.d[row][col]) == bits_of(expected));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_sum)

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
  check_sum({{0, 0x1p-24f, 1}}, 0x1p-40f, 0x1p-24f, least_of_f16);
  check_sum({{0, 0x1p-24f, 1}}, 0x1p-39f, 0x1.0002p-24f, least_of_f16);
}

BOOST_AUTO_TEST_CASE(sixteen_largest_products_do_not_overflow_their_sum) {
  const float most = 0x1.ffcp0f;
  check_sum(same(0, 16, most, most), 0, 0x1.ff8008p5f, least_of_f16);
  check_sum(same(0, 16, -most, most), 0, -0x1.ff8008p5f, least_of_f16);
  check_sum(same(0, 16, most, most), most, 0x1.07bf04p6f, least_of_f16);
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
  const float one_nan = std::bit_cast<float>(0x7fffffffu);
  check_sum({{3, quiet_nan, 1}}, 0, one_nan);
  check_sum({{3, 0, infinity}}, 0, one_nan);
  check_sum({{3, 1, 1}}, quiet_nan, one_nan);
  check_sum({{3, infinity, 1}, {4, infinity, -1}}, 0, one_nan);
  check_sum({{3, infinity, -1}}, infinity, one_nan);
  check_sum({{3, infinity, -2}}, 5, -infinity);
  check_sum({{3, 1, 1}}, infinity, infinity);
}

BOOST_AUTO_TEST_CASE(eight_at_once_and_one_by_one_agree_on_random_tiles) {
  random_stream stream(3, "sum test");
  for (const dtype type : {dtype::bf16, dtype::f16})
    for (int round = 0; round < 400; ++round) {
      const std::uint32_t keep = round % 4 == 3 ? 0xffffu : type == dtype::bf16 ? 0xc3ffu : 0xf7ffu;
      const float least = type == dtype::f16 ? least_of_f16 : least_of_bf16;
      const auto draw = [&] {
        return stream.chance(0.1) ? 0.0f : static_cast<float>(decode(type, stream.bits32() & keep));
      };
      mma_tile tile;
      for (auto& row : tile.a)
        for (float& x : row) x = draw();
      for (auto& row : tile.b)
        for (float& x : row) x = draw();
      for (auto& row : tile.d)
        for (float& x : row) x = stream.chance(0.5) ? draw() * draw() : 0;
      const mma_tile before = tile;

      simt::multiply_add(tile, least);

      for (int i = 0; i < 16; ++i)
        for (int n = 0; n < 8; ++n)
          if (bits_of(tile.d[i][n]) !=
              bits_of(simt::truncated_sum(before.a[i], &before.b[0][n], 8, before.d[i][n], least)))
            BOOST_ERROR("round " << round << ", row " << i << ", column " << n);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
