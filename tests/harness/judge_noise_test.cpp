// Each term of the noise model, one at a time, against the number written down by hand.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/attention/noise.hpp"
#include "properties/judge/rows.hpp"
#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

judging::row_noise noise_of(const attention_truth& t, const contract& c, bool centred = true) {
  return judging::noise_of_row(t, 0, c.attention(), 0, centred);
}

judging::judged_row row_of(const attention_truth& t, const contract& c) {
  judging::judged_row row;
  judging::judge_row(t, 0, c, 0, std::span<const double>(t.out).first(static_cast<std::size_t>(t.dv)), true,
                     row);
  return row;
}

bool close(double a, double b) { return std::fabs(a - b) <= 1e-12 * std::fabs(b); }

contract wgmma_fp8() {
  contract c = plain_f32();
  c.attention().acc_qk = c.attention().acc_pv = accumulation::f13;
  return c;
}

/// Drift of scores over 64 head dims, and the rounding of the scale.
constexpr double c_temp = 3.2e-7 * 4 + 2.4e-7;

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_noise)

BOOST_AUTO_TEST_CASE(a_sink_makes_the_error_of_lse_an_error_of_scale) {
  attention_truth t = handmade(1, 8, 1.0);
  const double alone = noise_of(t, plain_f32()).D0;
  t.row_facts[0].sink_factor = 0.25;
  const judging::row_noise n = noise_of(t, plain_f32());
  const judging::judged_element one = row_of(t, plain_f32()).elements[0];

  BOOST_TEST(alone == 0);
  BOOST_TEST(n.tol_lse > 0);
  BOOST_TEST(close(n.D0, 0.75 * n.tol_lse));
  BOOST_TEST(close(one.beta, 4.8e-7 * 2 + 4e-7 * (1 + 1)));
}

BOOST_AUTO_TEST_CASE(scores_drift_together_and_exp_errs_by_its_declared_error) {
  attention_truth t = handmade(1, 8, 1.0);
  t.contracts[0].rows[0].Vs = 4;
  contract c = plain_f32();
  c.attention().e_exp = 1e-4;

  BOOST_TEST(close(noise_of(t, plain_f32()).D1, c_temp));
  BOOST_TEST(close(noise_of(t, c).D1, c_temp + 1e-4 / 2));
  BOOST_TEST(close(noise_of(t, wgmma_fp8()).D1, 2e-3));
}

BOOST_AUTO_TEST_CASE(sums_drift_with_the_number_of_keys_unless_they_are_promoted) {
  attention_truth t = handmade(1, 8, 1.0);
  t.SB.assign(8, 3.0);
  const auto drift = [&](const contract& c) { return row_of(t, c).elements[0].beta - 4.8e-7 * 2; };
  const double few = drift(plain_f32()), promoted = drift(wgmma_fp8());
  t.row_facts[0].visible = 1600;

  BOOST_TEST(std::fabs(few / (3.2e-7 * 4 * 3) - 1) < 1e-9);
  BOOST_TEST(std::fabs(drift(plain_f32()) / (3.2e-7 * 100 * 3) - 1) < 1e-9);
  BOOST_TEST(std::fabs(promoted / (2.5e-3 * 3) - 1) < 1e-9);
  BOOST_TEST(drift(wgmma_fp8()) == promoted);
}

BOOST_AUTO_TEST_CASE(keys_that_flush_to_zero_together_are_a_bounded_error) {
  attention_truth t = handmade(1, 8, 1.0);
  t.contracts[0].flushed[0] = 0.125;
  const judging::judged_row row = row_of(t, plain_f32());

  BOOST_TEST(close(row.elements[0].beta - row.elements[1].beta, 0.125));
}

BOOST_AUTO_TEST_CASE(a_13_bit_accumulator_adds_noise_that_promotion_averages) {
  attention_truth t = handmade(1, 8, 1.0);
  const double one_block = row_of(t, wgmma_fp8()).elements[0].s2;
  t.row_facts[0].visible = 512;

  BOOST_TEST(close(one_block, 6e-5 * 6e-5));
  BOOST_TEST(close(row_of(t, wgmma_fp8()).elements[0].s2, 6e-5 * 6e-5 / 4));
}

BOOST_AUTO_TEST_CASE(a_lost_temperature_is_centred_on_the_middle_of_its_range) {
  attention_truth t = handmade(1, 8, 1.0);
  t.C.assign(8, 0.5);
  for (int k = 0; k < theta_count; ++k) t.contracts[0].rows[0].b[k] = k == 0 ? -0.9 : -1.0;
  const judging::row_noise n = noise_of(t, plain_f32()), raw = noise_of(t, plain_f32(), false);
  attention_output flat = exactly(t);
  for (double& x : flat.out) x += -0.95 * 0.5;

  BOOST_TEST(close(n.c1, -0.95));
  BOOST_TEST(close(n.D1, 0.1 + 0.05 * 0.95 + c_temp));
  BOOST_TEST(raw.c1 == 0);
  BOOST_TEST(row_of(t, plain_f32()).elements[0].e == 0.95 * 0.5);
}

BOOST_AUTO_TEST_CASE(shifts_within_three_sigma_of_their_noise_are_allowed_for_and_not_centred) {
  attention_truth t = handmade(1, 8, 1.0);
  for (double& delta : t.contracts[0].rows[0].delta) delta = 0.01;
  t.contracts[0].rows[0].V0 = 0.0101 * 0.0101 / 9;
  const judging::row_noise within = noise_of(t, plain_f32());
  t.contracts[0].rows[0].V0 = 0.0099 * 0.0099 / 9;
  const judging::row_noise beyond = noise_of(t, plain_f32());

  BOOST_TEST(within.c0 == 0);
  BOOST_TEST(within.D0 == 0.01);
  BOOST_TEST(beyond.c0 == 0.01);
  BOOST_TEST(close(beyond.D0, 0.05 * 0.01));
}

BOOST_AUTO_TEST_CASE(equal_outputs_and_dependent_columns_count_once) {
  attention_truth t = handmade(1, 64, 1.0);
  for (std::size_t c = 0; c < 64; ++c) t.out[c] = 1 + 0.01 * static_cast<double>(c);
  const double independent = row_of(t, plain_f32()).one_over_nu;
  t.effective_columns = 16;
  const double dependent = row_of(t, plain_f32()).one_over_nu;
  t.effective_columns = 64;
  for (std::size_t c = 0; c < 64; ++c) t.out[c] = 1 + static_cast<double>(c % 4);
  const judging::judged_row clustered = row_of(t, plain_f32());

  BOOST_TEST(std::fabs(independent * 64 - 1) < 1e-6);
  BOOST_TEST(std::fabs(dependent * 16 - 1) < 1e-6);
  BOOST_TEST(std::fabs(clustered.one_over_nu * 4 - 1) < 1e-6);
  BOOST_TEST(std::fabs(clustered.lambda / 16 - 1) < 1e-6);
}

BOOST_AUTO_TEST_CASE(identical_query_rows_widen_what_the_tensor_may_do) {
  attention_truth t = handmade(1, 64, 1.0);
  t.contracts[0].A2.assign(64, 1e-6);
  const auto tensor = [&] {
    judging::amplitude_test amplitude(1);
    judging::rms_test rms(1);
    const judging::judged_row row = row_of(t, plain_f32());
    amplitude.add(row);
    rms.add(row);
    return std::pair(amplitude.tensor().sd, rms.tensor_limit());
  };
  const auto once = tensor();
  t.duplicate_rows = 4;
  const auto four_times = tensor();

  BOOST_TEST(close(four_times.first, 2 * once.first));
  BOOST_TEST(four_times.second > once.second);
}

BOOST_AUTO_TEST_CASE(more_draws_raise_a_threshold_and_fewer_never_lower_it) {
  const judging::threshold t{3, 10};

  BOOST_TEST(t.at(1) == 3);
  BOOST_TEST(t.at(10) == 3);
  BOOST_TEST(close(t.at(10 * std::exp(8)), 5));
}

BOOST_AUTO_TEST_CASE(P_flushed_to_zero_is_in_the_hard_bound_once_or_twice) {
  attention_truth t = handmade(1, 8, 1.0);
  t.max_abs_v.assign(8, 2.0);
  t.contracts[0].rows[0].T1 = 0.25;
  contract any = plain_f32(), integer = plain_f32();
  any.attention().shift = p_shift::any;
  integer.attention().shift = p_shift::integer;
  const auto used = [&](const contract& c) {
    attention_output x = exactly(t);
    x.out[0] += 0.5;
    return finding_named(judged(t, c, x), "H").used;
  };

  BOOST_TEST(used(any) < 1);
  BOOST_TEST(used(any) > 0.999);
  BOOST_TEST(used(integer) < 0.501);
}

BOOST_AUTO_TEST_SUITE_END()
