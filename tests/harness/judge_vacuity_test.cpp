// What a case can see, found without a kernel; and the table of budgets, which the same code makes.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "properties/judge/attention/budgets_table.hpp"
#include "properties/judge/attention/tests.hpp"
#include "properties/judge/attention/vacuity.hpp"
#include "tests/harness/calibration_contracts.hpp"
#include "tests/harness/calibration_inputs.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

attention_truth truth_of(const small_attention& a, const contract& c) {
  const attention_unit unit = unit_of(a);
  return attend({&unit, 1}, {&c, 1})[0];
}

small_attention input(regime kind, std::uint64_t seed, dtype in = dtype::bf16) {
  random_stream random(seed, "vacuity");
  return draw_input(kind, in, random, {200, 8});
}

/// Weight and value of every row's last visible key, by the definition.
last_key last_of(const small_attention& a, const attention_truth& t) {
  last_key out;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const std::int64_t j = a.last(i) - 1;
    double s = 0;
    for (std::int64_t d = 0; d < a.dk; ++d)
      s += a.q[static_cast<std::size_t>(i * a.dk + d)] * a.k[static_cast<std::size_t>(j * a.dk + d)];
    s *= a.scale;
    if (a.softcap > 0) s = a.softcap * std::tanh(s / a.softcap);
    out.w.push_back(std::exp(s - t.lse[static_cast<std::size_t>(i)]));
    for (std::int64_t c = 0; c < a.dv; ++c) out.v.push_back(a.v[static_cast<std::size_t>(j * a.dv + c)]);
  }
  return out;
}

bool seen(std::span<const probe> probes, std::string_view name) {
  for (const probe& one : probes)
    if (one.name == name) return one.seen;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_vacuity)

BOOST_AUTO_TEST_CASE(the_rounded_truth_passes_in_every_regime) {
  const auto all_pass = [](dtype in, std::span<const contract> contracts) {
    for (std::uint64_t seed = 0; seed < 10; ++seed)
      for (int r = 0; r < regime_count; ++r)
        for (const contract& c : contracts) {
          const attention_truth t = truth_of(input(static_cast<regime>(r), seed, in), c);
          BOOST_TEST(seen(probe_vacuity({&t, 1}, 0, c), "rounded truth"),
                     name_of(static_cast<regime>(r)) << ", " << c.name << ", seed " << seed);
        }
  };
  all_pass(dtype::bf16, bf16_contracts);
  all_pass(dtype::f16, f16_contracts);
  all_pass(dtype::e4m3, e4m3_contracts);
  all_pass(dtype::f32, f32_contracts);
}

BOOST_AUTO_TEST_CASE(an_ordinary_case_sees_every_probe) {
  small_attention a = input(regime::normal, 3);
  a.sink.clear();
  const attention_truth t = truth_of(a, bf16_tc);
  const last_key last = last_of(a, t);
  const std::vector<probe> probes = probe_vacuity({&t, 1}, 0, bf16_tc, {&last, 1});

  BOOST_TEST(probes.size() == 5U);
  for (const probe& one : probes) BOOST_TEST(one.seen, one.name);
}

BOOST_AUTO_TEST_CASE(a_key_without_weight_is_a_probe_that_cannot_be_seen) {
  small_attention a = input(regime::normal, 3);
  const attention_truth t = truth_of(a, bf16_tc);
  last_key last = last_of(a, t);
  for (double& w : last.w) w = 1e-30;
  const std::vector<probe> probes = probe_vacuity({&t, 1}, 0, bf16_tc, {&last, 1});
  verdict v = judge_attention({&t, 1}, 0, bf16_tc, judging::rounded_truth({&t, 1}, bf16_tc), {});
  add_vacuity(v, probes);

  BOOST_TEST(!seen(probes, "last key dropped"));
  BOOST_TEST((v.result == outcome::pass));
  BOOST_TEST((v.warnings == std::vector<std::string>{"blind to \"last key dropped\""}));
}

BOOST_AUTO_TEST_CASE(a_light_key_with_a_heavy_value_shows_in_the_output_alone) {
  const small_attention a = input(regime::normal, 3);
  const attention_truth t = truth_of(a, bf16_tc);
  last_key last = last_of(a, t);
  for (double& w : last.w) w = 1e-7;
  for (double& v : last.v) v = 1e7;

  BOOST_TEST(seen(probe_vacuity({&t, 1}, 0, bf16_tc, {&last, 1}), "last key dropped"));
}

BOOST_AUTO_TEST_CASE(blind_to_zeros_is_mistrusted) {
  verdict v;
  v.result = outcome::pass;
  v.elements = 1;
  const std::vector<probe> probes{{"rounded truth", true, true}, {"all zero", false, false}};
  add_vacuity(v, probes);

  BOOST_TEST((v.result == outcome::mistrusted));
}

BOOST_AUTO_TEST_CASE(the_table_of_budgets_names_every_test_of_every_contract) {
  const std::vector<budget_row> table = budgets_table(bf16_contracts);

  BOOST_TEST(table.size() == 5 * bf16_contracts.size());
  for (const contract& c : bf16_contracts) {
    std::string tests;
    for (const budget_row& row : table)
      if (row.contract == c.name) tests += row.test;
    BOOST_TEST(tests == "HERAL");
  }
  for (const budget_row& row : table) BOOST_TEST(!row.typical.empty());
}

BOOST_AUTO_TEST_CASE(the_typical_element_budget_grows_with_the_rounding_of_P) {
  const auto ulps = [](const contract& c) {
    for (const budget_row& row : budgets_table({&c, 1}))
      if (row.test == "E") return std::stod(row.typical);
    return 0.0;
  };
  const double f32 = ulps(bf16_contracts[3]), bf16 = ulps(bf16_tc), e4m3 = ulps(e4m3_tc);

  BOOST_TEST(f32 > 0.5);
  BOOST_TEST(f32 < bf16);
  BOOST_TEST(bf16 < e4m3);
}

BOOST_AUTO_TEST_SUITE_END()
