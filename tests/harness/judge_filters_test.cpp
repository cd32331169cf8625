// Both sides of R, A and L, and what coherent rounding of P makes of them.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>

#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

constexpr double sigma = 1e-3;

/// Four rows of 64 ones and minus ones, each with noise sigma, S1 wide enough that H says nothing.
attention_truth four_rows() {
  attention_truth t = handmade(4, 64, 1.0);
  for (std::size_t at = 0; at < t.out.size(); ++at) {
    t.out[at] = (at % 2 ? -1.0 : 1.0) * (1 + 0.01 * static_cast<double>(at % 64));
    t.S1[at] = 10;
    t.contracts[0].A2[at] = sigma * sigma;
  }
  t.contracts[0].rows.assign(4, {});
  for (auto& row : t.contracts[0].rows) row.n4 = 1e9;
  return t;
}

contract p_in_bf16() {
  contract c = plain_f32();
  c.attention().p_type = dtype::bf16;
  return c;
}

/// Wilson-Hilferty by hand: the rms, in units of sigma, at which a row of nu degrees of freedom fails.
double rms_limit(double nu, double K) {
  const double v = 2 / (9 * nu);
  return std::pow(1 - v + K * std::sqrt(v), 1.5);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_filters)

BOOST_AUTO_TEST_CASE(R_sees_a_row_that_is_a_little_too_noisy_everywhere) {
  const attention_truth t = four_rows();
  const auto used = [&](double size) {
    attention_output x = exactly(t);
    // Signs that are orthogonal to the row itself, so that only the rms grows.
    for (std::size_t c = 0; c < 64; ++c) x.out[c] += size * sigma * (c % 4 < 2 ? 1 : -1);
    return judged(t, p_in_bf16(), x);
  };
  const double limit = rms_limit(64, 12);
  BOOST_TEST_REQUIRE(limit < 7.5);

  BOOST_TEST(finding_named(used(0.999 * limit), "R").used <= 1);
  BOOST_TEST(finding_named(used(1.001 * limit), "R").used > 1);
  BOOST_TEST(finding_named(used(1.001 * limit), "E").used <= 1);
  BOOST_TEST(finding_named(used(1.001 * limit), "R").where == "unit 0, row 0");
}

BOOST_AUTO_TEST_CASE(R_over_the_whole_tensor_is_sharper_than_over_a_row) {
  const attention_truth t = four_rows();
  const auto used = [&](double size) {
    attention_output x = exactly(t);
    for (std::size_t at = 0; at < x.out.size(); ++at) x.out[at] += size * sigma * (at % 4 < 2 ? 1 : -1);
    return finding_named(judged(t, p_in_bf16(), x), "R");
  };
  const double limit = rms_limit(4 * 64, 20);
  BOOST_TEST_REQUIRE(limit < rms_limit(64, 12));

  BOOST_TEST(used(0.999 * limit).used <= 1);
  BOOST_TEST(used(1.001 * limit).used > 1);
  BOOST_TEST(used(1.001 * limit).where == "tensor");
}

BOOST_AUTO_TEST_CASE(A_sees_a_scale_that_no_element_shows) {
  const attention_truth t = four_rows();
  double weight = 0;
  for (std::size_t c = 0; c < 64; ++c) weight += t.out[c] * t.out[c] / (sigma * sigma);
  // Row 0: chance 6.5 sd, and the drift of sums that may point along r.
  const double drift = 3.2e-7 * 4, limit = drift + 6.5 / std::sqrt(weight);
  const auto judged_at = [&](double scale) {
    attention_output x = exactly(t);
    for (std::size_t c = 0; c < 64; ++c) x.out[c] *= 1 + scale;
    return judged(t, p_in_bf16(), x);
  };

  BOOST_TEST(finding_named(judged_at(0.99 * limit), "A").used <= 1);
  BOOST_TEST(finding_named(judged_at(1.01 * limit), "A").used > 1);
  BOOST_TEST(finding_named(judged_at(-1.01 * limit), "A").used > 1);
  BOOST_TEST(finding_named(judged_at(1.01 * limit), "E").used <= 1);
  BOOST_TEST(finding_named(judged_at(1.01 * limit), "R").used <= 1);
  BOOST_TEST(judged_at(-1.01 * limit).message.find("output scale of unit 0, row 0 is -0.0") == 0);
}

BOOST_AUTO_TEST_CASE(A_over_the_whole_tensor_is_sharper_than_over_a_row) {
  const attention_truth t = four_rows();
  attention_output x = exactly(t);
  double weight = 0;
  for (double r : t.out) weight += r * r / (sigma * sigma);
  const double scale = 1.05 * (3.2e-7 * 4 + 6.5 / std::sqrt(weight));
  for (double& one : x.out) one *= 1 + scale;
  const finding A = finding_named(judged(t, p_in_bf16(), x), "A");

  BOOST_TEST(A.used > 1);
  BOOST_TEST(A.where == "tensor");
}

BOOST_AUTO_TEST_CASE(A_names_a_group_of_columns) {
  attention_truth t = handmade(16, 128, 1.0);
  for (std::size_t at = 0; at < t.out.size(); ++at) {
    t.out[at] = (at % 2 ? -1.0 : 1.0) * (1 + 0.01 * static_cast<double>(at % 128));
    t.S1[at] = 10;
    t.contracts[0].A2[at] = sigma * sigma;
  }
  for (auto& row : t.contracts[0].rows) row.n4 = 1e9;
  double low = 0, high = 0;
  for (std::size_t c = 0; c < 128; ++c) (c < 64 ? low : high) += t.out[c] * t.out[c];
  attention_output x = exactly(t);
  for (std::size_t at = 0; at < t.out.size(); ++at)
    x.out[at] *= 1 + (at % 128 < 64 ? 4e-4 / low : -4e-4 / high) * low;
  const finding A = finding_named(judged(t, p_in_bf16(), x), "A");

  BOOST_TEST(A.used > 1);
  BOOST_TEST(A.where == "columns 0 to 63 of all rows");
}

BOOST_AUTO_TEST_CASE(when_all_P_round_alike_the_shift_is_expected_its_absence_too_and_a_larger_one_is_not) {
  attention_truth t = four_rows();
  for (auto& row : t.contracts[0].rows)
    for (double& delta : row.delta) delta = 0.02;
  const auto at_scale = [&](double shift) {
    attention_output x = exactly(t);
    for (double& one : x.out) one *= 1 + shift;
    return judged(t, p_in_bf16(), x).result;
  };

  BOOST_TEST((at_scale(0.02) == outcome::pass));
  BOOST_TEST((at_scale(0) == outcome::pass));
  BOOST_TEST((at_scale(0.04) == outcome::fail));
  BOOST_TEST((at_scale(0.01) == outcome::fail));
  BOOST_TEST((at_scale(-0.02) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_row_sum_from_the_rounded_P_follows_the_shift) {
  attention_truth t = four_rows();
  for (auto& row : t.contracts[0].rows)
    for (double& delta : row.delta) delta = 0.02;
  contract c = p_in_bf16();
  c.attention().l_from_rounded = true;
  attention_output shifted = exactly(t);
  for (double& one : shifted.out) one *= 1.02;

  BOOST_TEST((judged(t, c, exactly(t)).result == outcome::pass));
  BOOST_TEST((judged(t, c, shifted).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(L_allows_twice_its_tolerance) {
  const attention_truth t = four_rows();
  const double c_temp = 3.2e-7 * 4 + 2.4e-7;  // 64 head dims
  const double tolerance = 1.8e-7 * 8 + 1.2e-7 * (2 + 2 + 1) + c_temp;
  const auto used = [&](double share) {
    attention_output x = exactly(t);
    x.lse[2] += share * 2 * tolerance;
    return finding_named(judged(t, p_in_bf16(), x), "L");
  };

  BOOST_TEST(used(0.999).used <= 1);
  BOOST_TEST(used(1.001).used > 1);
  BOOST_TEST(used(-1.001).used > 1);
  BOOST_TEST(used(1.001).where == "unit 0, row 2");
}

BOOST_AUTO_TEST_CASE(an_output_without_lse_is_judged_on_the_rest) {
  const attention_truth t = four_rows();
  attention_output x = exactly(t);
  x.lse.clear();
  const verdict v = judged(t, p_in_bf16(), x);

  BOOST_TEST((v.result == outcome::pass));
  BOOST_TEST(v.metrics.count("L") == 0);
}

BOOST_AUTO_TEST_CASE(a_budget_wider_than_the_data_is_mistrusted) {
  attention_truth t = four_rows();
  for (double& A2 : t.contracts[0].A2) A2 = 100;
  for (double& S1 : t.S1) S1 = 1e5;
  const verdict v = judged(t, p_in_bf16(), exactly(t));

  BOOST_TEST((v.result == outcome::mistrusted));
  BOOST_TEST(v.message == "an output of zeros would have passed too: the budget is wider than the data");
}

BOOST_AUTO_TEST_CASE(a_truth_of_zeros_is_mistrusted) {
  const attention_truth t = handmade(2, 8, 0.0);

  BOOST_TEST((judged(t, plain_f32(), exactly(t)).result == outcome::mistrusted));
  BOOST_TEST(judged(t, plain_f32(), exactly(t)).message == "the truth is all zero");
}

BOOST_AUTO_TEST_CASE(a_contract_much_looser_than_the_kernel_and_a_leaked_reference_are_reported) {
  const attention_truth t = four_rows();
  contract c = p_in_bf16();
  attention_output better = exactly(t);
  for (std::size_t at = 0; at < better.out.size(); ++at) better.out[at] += (at % 4 < 2 ? 0.1 : -0.1) * sigma;
  c.out_type = dtype::f64;
  const verdict loose = judged(t, c, better), leaked = judged(t, c, exactly(t));

  BOOST_TEST_REQUIRE(loose.warnings.size() == 1U);
  BOOST_TEST(loose.warnings[0] == "contract probably too loose (rms 0.1 of the declared noise)");
  BOOST_TEST_REQUIRE(leaked.warnings.size() == 2U);
  BOOST_TEST(leaked.warnings[1].find("equals the double result") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
