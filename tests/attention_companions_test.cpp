// Companions against their formulas (attention_formulas.hpp).  The double computation may be off by twice the
// relative error of a weight, which attention_cases.hpp derives, times the size of what was added.
#include <boost/test/unit_test.hpp>

#include "tests/attention_formulas.hpp"

using namespace plumbline;
using namespace plumbline::attention_cases;

namespace {

/// Holds every companion of a unit against the formulas; returns the largest part of the allowance used.
double hold(const random_case& c, const contract& promised, const attention_options& options) {
  const attention_unit& u = c.unit;
  const attention_truth truth = attend({&u, 1}, {&promised, 1}, options)[0];
  double worst = 0;
  for (std::int64_t row = 0; row < u.rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (u.begin[i] >= u.end[i]) continue;
    const naive_row x = companions_of(u, *c.data, row, promised);
    const real relative = 2 * static_cast<real>(x.exact.relative) + 1e-15L;
    const auto check = [&](const char* name, double computed, real value, real size) {
      const double used = static_cast<double>(std::fabs(computed - value) / (relative * size + 1e-300L));
      if (!(used <= 1))
        BOOST_ERROR(name << " of row " << row << ": " << computed << ", expected "
                         << static_cast<double>(value) << " within " << static_cast<double>(relative * size));
      worst = std::max(worst, used);
    };
    const auto one = [&](const char* name, double computed, const sized& expected) {
      check(name, computed, expected.value, expected.size);
    };
    const contract_companions::row& q = truth.contracts[0].rows[i];
    const real vs = x.Vs.value, vs_relative = vs > 0 ? x.Vs.size / vs : 1;
    BOOST_TEST(truth.row_facts[i].visible == u.end[i] - u.begin[i]);
    check("s_max", truth.row_facts[i].s_max, static_cast<real>(x.exact.s_max),
          1 + std::fabs(static_cast<real>(x.exact.s_max)));
    one("V0", q.V0, x.V0);
    one("Vs", q.Vs, x.Vs);
    if (vs > 1e-20L) check("Vb", q.Vb, x.Vb.value / (vs * vs), x.Vb.size / (vs * vs) * (1 + 2 * vs_relative));
    const real n4 = x.n2.value * x.n2.value / x.n4.value;
    check("n4", q.n4, n4, n4 * (2 * x.n2.size / x.n2.value + x.n4.size / x.n4.value));
    check("eps_bar", q.eps_bar, std::sqrt(x.eps2.value / x.w2.value),
          std::sqrt(x.eps2.value / x.w2.value) + 1e-12L);
    one("eps_l",
        q.eps_l / ((promised.attention().acc_qk == accumulation::f13 ? 6e-5 : 8e-8) *
                       std::fabs(u.score_scale) * x.q_norm +
                   1e-300),
        x.q_norm > 0 ? x.wk : sized{});
    one("T1", q.T1, x.T1);
    for (std::size_t t = 0; t < theta_count; ++t) {
      one("delta", q.delta[t], x.delta[t]);
      if (vs > 1e-20L) check("b", q.b[t], x.b[t].value / vs, x.b[t].size / vs * (1 + vs_relative));
    }
    for (std::size_t column = 0; column < static_cast<std::size_t>(u.dv); ++column) {
      const std::size_t at = i * static_cast<std::size_t>(u.dv) + column;
      one("S1", truth.S1[at], x.S1[column]);
      one("SB", truth.SB[at], x.SB[column]);
      one("C", truth.C[at], x.C[column]);
      one("A2", truth.contracts[0].A2[at], x.A2[column]);
      one("flushed", truth.contracts[0].flushed[at], x.flushed[column]);
      real top = 0;
      for (std::int64_t j = u.begin[i]; j < u.end[i]; ++j)
        top = std::max(top, std::fabs(static_cast<real>(u.value_scale) *
                                      c.data->v[static_cast<std::size_t>(j * u.dv) + column]));
      BOOST_TEST(truth.max_abs_v[at] >= static_cast<double>(top));
    }
  }
  return worst;
}

contract with(dtype p_type, double p_scale = 1, p_shift shift = p_shift::score) {
  contract c = plain_attention;
  c.attention().p_type = p_type, c.attention().p_scale = p_scale, c.attention().shift = shift;
  if (p_type == dtype::e4m3) c.attention().acc_qk = c.attention().acc_pv = accumulation::f13;
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention_companions)

BOOST_AUTO_TEST_CASE(every_companion_follows_its_formula) {
  const contract contracts[] = {with(dtype::bf16),
                                with(dtype::f16),
                                with(dtype::e4m3, 256),
                                with(dtype::f32),
                                with(dtype::bf16, 1, p_shift::integer),
                                with(dtype::e4m3, 256, p_shift::integer)};
  const shape shapes[] = {{3, 20, 8, 5},      {9, 150, 16, 9},       {2, 2300, 8, 6},
                          {5, 90, 12, 4, 12}, {4, 130, 8, 3, 0.001}, {1, 1, 4, 4}};
  double worst = 0;
  std::uint64_t seed = 100;
  for (const shape& s : shapes)
    for (const contract& promised : contracts)
      for (const int level : {3, 0}) {
        random_case c = make_case(s, ++seed);
        if (seed % 2) {
          cut_ranges(c.unit, seed);
          c.unit.value_scale = -1.5;
          c.unit.sink.assign(static_cast<std::size_t>(s.rows), 2.0);
        }
        worst = std::max(worst, hold(c, promised, {1, true, level}));
      }
  BOOST_TEST(worst > 1e-3, "the allowance is far too wide: " << worst);
  BOOST_TEST_MESSAGE("largest part of the allowance used: " << worst);
}

BOOST_AUTO_TEST_CASE(equal_scores_are_grouped) {
  // q and k from {-1, 0, 1}, scale 1/4: scores are exact, and only a few different ones occur.
  for (const contract& promised :
       {with(dtype::bf16), with(dtype::e4m3, 256), with(dtype::bf16, 1, p_shift::any)})
    for (const std::int64_t keys : {40, 700}) {
      random_case c = make_case({9, keys, 16, 6, 1, true}, static_cast<std::uint64_t>(keys));
      if (promised.attention().shift == p_shift::any) continue;
      hold(c, promised, {1, true, 0});
    }
}

BOOST_AUTO_TEST_CASE(copies_of_one_key_add_their_noise_before_it_is_squared) {
  // Two copies of a key that holds v = 1, one key with v = 0, all of P inexact: group variance is four times
  // one.
  random_case c = make_case({1, 3, 1, 1}, 1);
  c.data->q = {1}, c.data->k = {-0.3, -0.3, 0}, c.data->v = {1, 1, 0};
  c.unit.score_scale = 1;
  const contract promised = with(dtype::bf16);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  const double e = std::exp(-0.3), l = 1 + 2 * e, w = e / l, r = 2 * w;
  const contract_companions::row& q = truth.contracts[0].rows[0];

  const double dp2 = q.V0 / (4 * w * w);  // the key at the maximum is exact: P = 1
  BOOST_TEST(dp2 >= 0.18 * 0x1p-16 * (1 - 1e-12));
  const double exact_key = 9e-14 / 3;  // e_exp^2 / 3 alone: q is one, k is zero
  const double eps2 = 64e-16 * 0.09 + 0.1 * 1.44e-14 * 0.09;
  const double expected =
      (dp2 + eps2 + exact_key) * 4 * w * w * (1 - r) * (1 - r) + exact_key * r * r / l / l;
  BOOST_TEST(std::fabs(truth.contracts[0].A2[0] - expected) <= 1e-9 * expected);
}

BOOST_AUTO_TEST_CASE(powers_of_two_are_exact_in_p) {
  // Scores are whole multiples of ln 2 (rounded to double): every P is a power of two but for the last bits
  // of exp.
  random_case c = make_case({1, 60, 1, 3}, 3);
  c.data->q = {1};
  for (std::size_t j = 0; j < 60; ++j) c.data->k[j] = -std::numbers::ln2 * static_cast<double>(j % 7);
  c.unit.score_scale = 1;
  const contract promised = with(dtype::bf16);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  BOOST_TEST(truth.contracts[0].rows[0].V0 == 0);
  BOOST_TEST(truth.contracts[0].rows[0].Vb == 0);
}

BOOST_AUTO_TEST_CASE(one_hot_rows_leave_no_noise) {
  random_case c = make_case({8, 1, 4, 6}, 4);
  const contract promised = with(dtype::e4m3, 256);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  // A2 is a difference of sums, so zero up to their last places: far below the floor of 1e-9 S1 that the
  // judge keeps.
  for (std::size_t i = 0; i < truth.S1.size(); ++i)
    BOOST_TEST(std::sqrt(truth.contracts[0].A2[i]) <= 1e-9 * truth.S1[i]);
  for (const contract_companions::row& q : truth.contracts[0].rows) BOOST_TEST((q.V0 == 0 && q.Vs == 0));
}

BOOST_AUTO_TEST_CASE(keys_below_half_a_step_of_e4m3_are_flushed_together) {
  // P of the small keys is e^-13.1 = 2.0e-6 < 2^-18: all 200 vanish, and with them 4e-4 of the weight.
  random_case c = make_case({1, 201, 1, 1}, 5);
  c.data->q = {1};
  for (std::size_t j = 0; j < 201; ++j) c.data->k[j] = j ? -13.1 : 0.0, c.data->v[j] = j ? 3.0 : 1.0;
  c.unit.score_scale = 1;
  const contract promised = with(dtype::e4m3, 256);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  const double w = 200 * std::exp(-13.1) / (1 + 200 * std::exp(-13.1));

  BOOST_TEST(std::fabs(truth.contracts[0].flushed[0] - w * (3 - truth.out[0])) <= 1e-12);
  BOOST_TEST(std::fabs(truth.contracts[0].rows[0].delta[0] + w) <= 1e-12);
}

BOOST_AUTO_TEST_CASE(several_contracts_in_one_pass_get_what_each_gets_alone) {
  random_case c = make_case({20, 500, 16, 8}, 6);
  const contract contracts[] = {with(dtype::bf16), with(dtype::e4m3, 256), with(dtype::f32)};
  const attention_truth together = attend({&c.unit, 1}, contracts, {1, true, 0})[0];
  for (std::size_t i = 0; i < 3; ++i) {
    const attention_truth alone = attend({&c.unit, 1}, {&contracts[i], 1}, {1, true, 0})[0];
    BOOST_TEST((alone.contracts[0].A2 == together.contracts[i].A2));
    BOOST_TEST(std::memcmp(alone.contracts[0].rows.data(), together.contracts[i].rows.data(),
                           sizeof(contract_companions::row) * 20) == 0);
  }
}

BOOST_AUTO_TEST_CASE(repeated_rows_and_parallel_values_are_counted) {
  random_case c = make_case({10, 300, 16, 32}, 7);
  const contract promised = plain_attention;
  for (double& v : c.data->v) v += 5;  // a common offset is not a direction
  const attention_truth plain = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  for (const std::size_t row : {4u, 9u})
    std::copy_n(c.data->q.begin(), 16, c.data->q.begin() + static_cast<std::ptrdiff_t>(row * 16));
  for (std::size_t j = 0; j < 300; ++j)
    for (std::size_t column = 1; column < 32; ++column) c.data->v[j * 32 + column] = c.data->v[j * 32];
  const attention_truth parallel = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  BOOST_TEST(plain.duplicate_rows == 1);
  BOOST_TEST(parallel.duplicate_rows == 3);
  BOOST_TEST((plain.effective_columns > 16 && plain.effective_columns <= 32));  // independent: near 32
  BOOST_TEST(std::fabs(parallel.effective_columns - 1) < 1e-9);
}

// A causal mask hides the last keys of a tile from some of its rows.
BOOST_AUTO_TEST_CASE(a_key_that_is_no_number_spoils_no_companion_of_a_row_that_does_not_see_it) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                   inf = std::numeric_limits<double>::infinity();
  constexpr std::int64_t key = 195;
  for (const bool in_value : {false, true})
    for (const double bad : {nan, inf, -inf}) {
      random_case c = make_case({16, 200, 8, 6}, 11);
      for (std::size_t i = 0; i < 16; ++i) c.unit.end[i] = 190 + static_cast<std::int64_t>(i) / 2;
      const contract promised = with(dtype::bf16);
      const attention_truth clean = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
      (in_value ? c.data->v[key * 6 + 1] : c.data->k[key * 8 + 1]) = bad;
      const attention_truth dirty = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

      BOOST_TEST(std::isfinite(dirty.effective_columns));
      for (std::size_t row = 0; row < 16 && c.unit.end[row] <= key; ++row) {
        const auto& before = clean.contracts[0].rows[row];
        const auto& after = dirty.contracts[0].rows[row];
        BOOST_TEST((after.V0 == before.V0 && after.n4 == before.n4 && after.eps_l == before.eps_l &&
                    after.eps_bar == before.eps_bar && after.T1 == before.T1 &&
                    std::equal(std::begin(after.delta), std::end(after.delta), std::begin(before.delta))));
        for (std::size_t at = row * 6; at < row * 6 + 6; ++at) {
          for (const double x : {dirty.S1[at], dirty.SB[at], dirty.C[at], dirty.contracts[0].A2[at],
                                 dirty.contracts[0].flushed[at]})
            BOOST_TEST(std::isfinite(x));
          BOOST_TEST(dirty.max_abs_v[at] <= clean.max_abs_v[at]);
        }
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
