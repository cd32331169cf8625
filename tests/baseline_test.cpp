// What verify --baseline holds to what: cases made by hand, so that one number of them is another.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ci/plumbline/baseline.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/operation_named.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::program;

namespace {

const row normed = {&operation_named("mla.rms_norm"), "rms_norm",
                    operation_named("mla.rms_norm").variants(side::host).front().contracts.front(),
                    dtype::bf16};

case_numbers of_regime(const char* regime, std::map<std::string, double> numbers) {
  return {{regime_trait(regime)}, std::move(numbers)};
}

/// What a run of seed 1 wrote.
struct written : testing::scratch_folder {
  written(const std::vector<case_numbers>& cases, std::string_view contract) {
    nlohmann::json numbers = nlohmann::json::array();
    for (const case_numbers& one : cases) {
      numbers.push_back(one.numbers);
      numbers.back()["traits"] = one.traits.front();
    }
    std::ofstream(file("old.json")) << nlohmann::json{{"plumbline", 1},
                                                      {"executor", "host"},
                                                      {"seed", 1},
                                                      {"variants",
                                                       {{{"operator", "mla"},
                                                         {"function", "rms_norm"},
                                                         {"variant", "rms_norm"},
                                                         {"dtype", "bf16"},
                                                         {"contract", contract},
                                                         {"case_numbers", numbers}}}}};
  }
};

run_report compared(const std::vector<case_numbers>& before, const std::vector<case_numbers>& now,
                    std::uint64_t seed, std::string_view contract = normed.promised.name) {
  const written old(before, contract);
  run_report r;
  r.seed = seed;
  r.rows.emplace_back().what = normed;
  r.rows.back().counts.numbers = now;
  baseline(old.file("old.json"), "host").compare(r);
  return r;
}

std::vector<case_numbers> drawn(const char* regime, std::uint64_t seed, int cases, double factor) {
  std::vector<case_numbers> all;
  random_stream s(seed, "cases");
  for (int i = 0; i < cases; ++i)
    all.push_back(of_regime(regime, {{"rms", factor * std::exp(1.5 * s.normal())}}));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(baselines)

BOOST_AUTO_TEST_CASE(cases_are_held_to_themselves_where_the_seed_is_the_same_and_nowhere_else) {
  const std::vector<case_numbers> before = drawn("normal", 1, 60, 1), now = drawn("normal", 1, 60, 1.1);
  BOOST_TEST(compared(before, now, 1).rises.size() == 1U);
  BOOST_TEST(compared(before, now, 2).rises.empty());  // alike in all their traits, and other cases
}

BOOST_AUTO_TEST_CASE(a_run_of_one_regime_is_held_to_that_regime_alone_whichever_run_it_is) {
  std::vector<case_numbers> both = drawn("normal", 2, 60, 9);
  for (case_numbers& one : drawn("wide", 3, 40, 9)) both.push_back(std::move(one));
  const run_report part = compared(drawn("normal", 1, 60, 1), both, 2);
  BOOST_REQUIRE(part.rises.size() == 1U);
  BOOST_TEST(part.rises[0].before == 60);
  BOOST_TEST(part.rises[0].now == 60);
  const run_report whole = compared(both, drawn("normal", 1, 60, 90), 2);
  BOOST_REQUIRE(whole.rises.size() == 1U);
  BOOST_TEST(whole.rises[0].before == 60);
}

BOOST_AUTO_TEST_CASE(a_comparison_that_is_given_up_holds_nothing_to_the_baseline) {
  std::vector<case_numbers> before = drawn("normal", 1, 40, 1), now = drawn("normal", 2, 40, 1000);
  for (auto* run : {&before, &now})
    for (case_numbers& one : *run) one.numbers["used"] = one.numbers.at("rms");
  const written old(before, normed.promised.name);
  const auto compared_until = [&](int most) {
    run_report r;
    r.seed = 2;
    r.rows.emplace_back().what = normed;
    r.rows.back().counts.numbers = now;
    int asked = 0;
    const bool whole = baseline(old.file("old.json"), "host").compare(r, [&] { return ++asked > most; });
    BOOST_TEST(whole == (r.not_compared.empty()));
    return r;
  };
  const run_report whole = compared_until(2);
  BOOST_TEST(whole.compared == 2);
  BOOST_TEST(whole.rises.size() == 2U);
  for (const int most : {0, 1}) {
    const run_report none = compared_until(most);
    BOOST_TEST(none.compared == 0);
    BOOST_TEST(none.rises.empty());
    BOOST_TEST_REQUIRE(none.not_compared.size() == 1U);
    BOOST_TEST(none.not_compared.front() == "interrupted");
  }
}

BOOST_AUTO_TEST_CASE(numbers_under_another_contract_are_not_compared) {
  const run_report r = compared(drawn("normal", 1, 60, 1), drawn("normal", 1, 60, 9), 1, "bygone");
  BOOST_TEST(r.rises.empty());
  BOOST_REQUIRE(r.not_compared.size() == 1U);
  BOOST_TEST(r.not_compared[0] ==
             "mla.rms_norm/rms_norm bf16: the baseline has it under the contract bygone");
  const written old(drawn("normal", 1, 60, 1), "bygone");
  const baseline held(old.file("old.json"), "host");
  BOOST_CHECK_THROW(held.require_a_row_of({normed}, ""), bad_argument);
  BOOST_CHECK_THROW(held.require_compared(r), bad_argument);
}

BOOST_AUTO_TEST_CASE(what_one_number_in_a_hundred_does_is_no_rise_among_fifty) {
  std::vector<case_numbers> before, now;
  for (int i = 0; i < 9; ++i) {  // rms rises in all of nine pairs, once in 512 by chance
    before.push_back(of_regime("normal", {{"rms", 1}})), now.push_back(of_regime("normal", {{"rms", 1.5}}));
  }
  BOOST_TEST(compared(before, now, 1).rises.size() == 1U);
  for (int i = 0; i < 9; ++i)
    for (int k = 0; k < 49; ++k) {
      const std::string name = "number_" + std::to_string(k);
      before[static_cast<std::size_t>(i)].numbers[name] = 1;
      now[static_cast<std::size_t>(i)].numbers[name] = i % 2 == 0 ? 1.5 : 1 / 1.5;
    }
  const run_report r = compared(before, now, 1);
  BOOST_TEST(r.compared == 50);
  BOOST_TEST(r.rises.empty());
}

BOOST_AUTO_TEST_SUITE_END()
