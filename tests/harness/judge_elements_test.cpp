// Both sides of H and of E.  Budgets are written out by hand from properties/judge/{hard,element}.hpp with
// one random or one worst-case term alone.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

/// Sixteen zeros among large terms, so that P rounding (H) stays far away and the noise (E) decides.
attention_truth noisy(double sigma) {
  attention_truth t = handmade(1, 16, 0.0);
  t.out[3] = 1;
  for (double& S1 : t.S1) S1 = 1e3;
  for (double& A2 : t.contracts[0].A2) A2 = sigma * sigma;
  return t;
}

contract p_in_bf16() {
  contract c = plain_f32();
  c.attention().p_type = dtype::bf16;
  return c;
}

double used_by(const attention_truth& t, const contract& c, std::size_t at, double x, std::string_view test) {
  attention_output out = exactly(t);
  out.out[at] = x;
  return finding_named(judged(t, c, out), test).used;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_elements)

BOOST_AUTO_TEST_CASE(E_allows_seven_and_a_half_sigma_beside_the_bounded_terms) {
  const attention_truth t = noisy(0.01);
  const double floor = 1e-9 * 1e3, normaliser = 4.8e-7 * 1e3;
  const double half_ulp = 0x1p-29;  // fp32 between 2^-5 and 2^-4
  const double budget = half_ulp * (1 + 1e-6) + normaliser + 7.5 * (0.01 + floor);
  BOOST_TEST_REQUIRE(budget > 0x1p-4);
  const double wider = budget + half_ulp;  // the step above 2^-4 is twice as wide

  BOOST_TEST(used_by(t, p_in_bf16(), 0, 0.999999 * wider, "E") <= 1);
  BOOST_TEST(used_by(t, p_in_bf16(), 0, 1.000001 * wider, "E") > 1);
  BOOST_TEST(used_by(t, p_in_bf16(), 0, -0.999999 * wider, "E") <= 1);
  BOOST_TEST(used_by(t, p_in_bf16(), 0, -1.000001 * wider, "E") > 1);
}

BOOST_AUTO_TEST_CASE(H_allows_one_rounding_of_P_for_every_term) {
  attention_truth t = noisy(1.0);
  const contract c = p_in_bf16();
  const double part = 0x1p-24, drift = 1.3e-6 * 4, scores = 16 * 0x1p-23 * std::sqrt(64.0 / 12);
  const double budget = (1.01 * 0x1p-8 + drift + part + scores) * 1e3;

  BOOST_TEST(used_by(t, c, 0, 0.99999 * budget, "H") <= 1);
  BOOST_TEST(used_by(t, c, 0, 1.00001 * budget, "H") > 1);
  BOOST_TEST(used_by(t, c, 0, 1.00001 * budget, "E") <= 1);
}

BOOST_AUTO_TEST_CASE(H_is_the_only_element_test_when_nothing_is_said_about_the_shift_of_P) {
  attention_truth t = noisy(0.01);
  t.out[3] = 100;
  contract any = p_in_bf16();
  any.attention().shift = p_shift::any;
  attention_output x = exactly(t);
  x.out[0] = 1.0;

  BOOST_TEST((judged(t, p_in_bf16(), x).result == outcome::fail));
  BOOST_TEST((judged(t, any, x).result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(an_exact_lane_accepts_the_rounded_truth_and_no_other_bit) {
  contract c = plain_f32();
  c.out_type = dtype::bf16;
  const attention_truth t = handmade(1, 8, 1.25);

  BOOST_TEST((judged(t, c, exactly(t)).result == outcome::pass));
  BOOST_TEST(used_by(t, c, 0, 1.25 + 0x1p-7, "E") > 1);
  BOOST_TEST(used_by(t, c, 0, 1.25 - 0x1p-7, "E") > 1);
}

BOOST_AUTO_TEST_CASE(a_truth_of_zero_with_nothing_around_it_demands_zero) {
  attention_truth t = handmade(1, 8, 1.0);
  t.out[2] = t.S1[2] = 0;

  BOOST_TEST(used_by(t, plain_f32(), 2, -0.0, "E") == 0);
  BOOST_TEST(used_by(t, plain_f32(), 2, 0x1p-149, "E") > 1);
}

BOOST_AUTO_TEST_CASE(a_companion_that_is_not_a_number_never_lets_anything_pass) {
  attention_truth t = noisy(0.01);
  t.contracts[0].A2[5] = std::numeric_limits<double>::quiet_NaN();
  attention_output x = exactly(t);
  x.out[5] = 1e-3;

  BOOST_TEST((judged(t, p_in_bf16(), x).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(the_histogram_counts_every_element_by_its_share_of_the_tighter_budget) {
  const attention_truth t = noisy(0.01);
  attention_output x = exactly(t);
  x.out[0] = 1.0;
  const verdict v = judged(t, p_in_bf16(), x);

  BOOST_TEST(v.used_histogram.front() == 15);
  BOOST_TEST(v.used_histogram.back() == 1);
  BOOST_TEST(v.elements == 16);
}

BOOST_AUTO_TEST_CASE(a_failing_element_is_explained_in_plain_words) {
  const attention_truth t = noisy(0.01);
  attention_output x = exactly(t);
  x.out[3] = 1.5;
  const row_name name = [](std::size_t, std::int64_t) { return std::string("b 2, row 1, h 5"); };
  const verdict v = judge_attention({&t, 1}, 0, p_in_bf16(), {&x, 1}, name);

  BOOST_TEST(v.message.find("x budget at b 2, row 1, h 5, column 3: computed 1.5, true 1; budget ") !=
             std::string::npos);
  BOOST_TEST(v.message.find("P rounding and score noise (7.5 sigma) 0.075") != std::string::npos);
  BOOST_TEST_INFO(v.message);
  double sum = 0;
  for (const budget_part& part : finding_named(v, "E").budget) sum += part.value;
  BOOST_TEST(std::fabs(0.5 / sum / finding_named(v, "E").used - 1) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()
