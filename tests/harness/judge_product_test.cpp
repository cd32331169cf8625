// The judge of products: both sides of each test, on truths filled in by hand and on simulated sums.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "properties/judge/constants.hpp"
#include "properties/judge/product_judge.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

product_truth sums(std::int64_t rows, std::int64_t columns, std::int64_t terms, double r, double S1,
                   double SB) {
  product_truth t;
  t.rows = rows;
  t.columns = columns;
  t.terms = terms;
  const auto elements = static_cast<std::size_t>(rows * columns);
  t.out.assign(elements, r);
  t.S1.assign(elements, S1);
  t.SB.assign(elements, SB);
  return t;
}

contract summed(accumulation a, dtype out) { return {"plain", dtype::f32, out, product_promise{a}}; }

verdict with_error(const product_truth& t, const contract& c, double error) {
  std::vector<double> x = t.out;
  x[0] += error;
  return judge_product(t, c, x, {});
}

// A correct chain of fp32 fused multiply-adds, or one that keeps a bf16 sum.
product_truth drawn_chain(std::uint64_t seed, bool positive, bool narrow, std::vector<double>& x) {
  constexpr std::int64_t rows = 4, columns = 64, terms = 512;
  random_stream draw(seed, "chain");
  std::vector<double> a(rows * terms), b(columns * terms);
  for (auto* all : {&a, &b})
    for (double& one : *all) {
      one = round_to(dtype::bf16, draw.normal());
      if (positive) one = std::fabs(one);
    }
  product_truth t = sums(rows, columns, terms, 0, 0, 0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      float sum = 0;
      double block = 0;
      const std::size_t at = i * columns + j;
      for (std::size_t k = 0; k < terms; ++k) {
        const double left = a[i * terms + k], right = b[j * terms + k];
        t.out[at] += left * right;
        t.S1[at] += std::fabs(left * right);
        block += left * right;
        if (k % 128 == 127) t.SB[at] += std::fabs(block), block = 0;
        sum = std::fmaf(static_cast<float>(left), static_cast<float>(right), sum);
        if (narrow && k % 16 == 15) sum = static_cast<float>(round_to(dtype::bf16, sum));
      }
      x.push_back(round_to(dtype::bf16, sum));
    }
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_products)

BOOST_AUTO_TEST_CASE(one_element_is_held_to_rounding_drift_and_noise) {
  const product_truth t = sums(1, 1, 4096, 1, 2, 0.5);
  // Half an ulp, drift of SB, and 7.5 deviations of random / sqrt(32 promotions) of S1.
  const double budget = 0x1p-24 * (1 + judging::half_ulp_slack) + judging::product_f13_drift * 0.5 +
                        judging::element_threshold.K0 * (judging::product_f13_random / std::sqrt(32.0) * 2 +
                                                         judging::exact_lane_floor * 2);
  const auto used = [&](double error) {
    return finding_named(with_error(t, summed(accumulation::f13, dtype::f32), error), "E").used;
  };

  BOOST_TEST(used(0.9999 * budget) <= 1);
  BOOST_TEST(used(1.0002 * budget) > 1);
  BOOST_TEST(used(-1.0002 * budget) > 1);
}

BOOST_AUTO_TEST_CASE(the_worst_case_binds_where_a_sum_is_short) {
  product_truth t = sums(1, 1, 1, 1, 1, 1);
  t.lost = {100};
  const double bound = 0x1p-24 * (1 + judging::half_ulp_slack) + judging::product_f13_worst;
  const auto used = [&](double error) {
    return finding_named(with_error(t, summed(accumulation::f13, dtype::f32), error), "H").used;
  };

  BOOST_TEST(used(0.9999 * bound) <= 1);
  BOOST_TEST(used(1.0001 * bound) > 1);
}

BOOST_AUTO_TEST_CASE(exact_sums_leave_nothing_but_the_rounding_of_scales_and_output) {
  product_truth t = sums(2, 8, 256, 1, 0, 0);
  t.scaled.assign(16, 1.0);
  t.scalings = 2;
  const contract c = summed(accumulation::f13, dtype::f32);

  BOOST_TEST((with_error(t, c, 0x1p-23).result == outcome::pass));
  BOOST_TEST((with_error(t, c, 5 * 0x1p-24).result == outcome::fail));
  BOOST_TEST((with_error(t, c, 0x1p-9).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_scale_that_no_element_shows_is_seen_over_the_whole_output) {
  const product_truth t = sums(16, 64, 4096, 1, 1, 1);
  const contract c = summed(accumulation::f13, dtype::f32);
  const auto scaled = [&](double share) {
    std::vector<double> x = t.out;
    for (double& one : x) one *= 1 + share;
    return judge_product(t, c, x, {});
  };
  // Equal columns and rows of a handmade truth count as one: what is left is the coherent share and its
  // noise.
  const double below = judging::product_f13_coherent / 2, above = 3 * judging::product_f13_drift;

  BOOST_TEST((scaled(-below).result == outcome::pass));
  BOOST_TEST((scaled(-above).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(what_a_large_product_hides_widens_drift_and_noise) {
  product_truth t = sums(1, 1, 128, 1, 1, 1);
  const contract c = summed(accumulation::f13, dtype::f32);
  const double error = 2 * judging::product_f13_drift + 8 * judging::product_f13_random;

  BOOST_TEST(finding_named(with_error(t, c, error), "E").used > 1);
  t.lost = {error};
  BOOST_TEST(finding_named(with_error(t, c, error), "E").used < 1);
  t.lost = {};
  t.lost2 = {error * error};
  BOOST_TEST(finding_named(with_error(t, c, error), "E").used < 1);
}

BOOST_AUTO_TEST_CASE(correct_chains_pass_and_narrow_ones_do_not) {
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    for (const bool positive : {false, true}) {
      std::vector<double> right, wrong;
      const product_truth t = drawn_chain(seed, positive, false, right);
      drawn_chain(seed, positive, true, wrong);

      const verdict v = judge_product(t, summed(accumulation::f32, dtype::bf16), right, {});
      BOOST_TEST((v.result == outcome::pass), v.message);
      BOOST_TEST(
          (judge_product(t, summed(accumulation::f32, dtype::bf16), wrong, {}).result == outcome::fail));
    }
}

BOOST_AUTO_TEST_CASE(rows_that_are_copies_prove_no_scale) {
  const product_truth t = sums(64, 1, 128, 1, 1, 1);
  // Every row is off by the same 2.5 deviations: 64 independent ones would be a scale, one alone is chance.
  std::vector<double> x = t.out;
  const double error = judging::product_f13_coherent + 2.5 * judging::product_f13_random;
  for (double& one : x) one += error;

  BOOST_TEST((judge_product(t, summed(accumulation::f13, dtype::f32), x, {}).result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(nan_stands_where_the_truth_has_it_and_nowhere_else) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  product_truth t = sums(1, 2, 128, 1, 1, 1);
  t.out[0] = t.S1[0] = t.SB[0] = nan;
  const contract c = summed(accumulation::f13, dtype::f32);

  BOOST_TEST((judge_product(t, c, std::vector<double>{nan, 1}, {}).result == outcome::pass));
  BOOST_TEST((judge_product(t, c, std::vector<double>{1, 1}, {}).result == outcome::fail));
  BOOST_TEST((judge_product(t, c, std::vector<double>{nan, nan}, {}).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_product_that_zeros_would_satisfy_is_mistrusted) {
  const contract c = summed(accumulation::f13, dtype::f32);
  const product_truth none = sums(1, 2, 128, 0, 0, 0), hidden = sums(1, 2, 128, 1e-6, 1, 1);

  BOOST_TEST((judge_product(none, c, none.out, {}).result == outcome::mistrusted));
  BOOST_TEST((judge_product(hidden, c, hidden.out, {}).result == outcome::mistrusted));
  BOOST_TEST((judge_product(sums(0, 2, 128, 1, 1, 1), c, {}, {}).result == outcome::mistrusted));
}

BOOST_AUTO_TEST_CASE(an_output_of_another_size_is_refused) {
  const product_truth t = sums(1, 2, 128, 1, 1, 1);

  BOOST_CHECK_THROW(judge_product(t, summed(accumulation::f32, dtype::f32), std::vector<double>{1}, {}),
                    bad_argument);
}

BOOST_AUTO_TEST_SUITE_END()
