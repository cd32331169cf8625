// verify --baseline: silent where only the seed is another, loud where numbers rose inside their budgets.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ci/plumbline/baseline.hpp"
#include "ci/plumbline/rank_tests.hpp"
#include "reference/core/random.hpp"
#include "tests/program_process.hpp"

using namespace plumbline;
using program::by_regime;
using program::compare;

namespace {

// Four regimes of another size and spread each; a third of one is nothing at all.
by_regime drawn(std::uint64_t seed, double factor) {
  by_regime all;
  for (const auto& [regime, spread] :
       {std::pair{"flat", 0.05}, {"normal", 0.5}, {"wide", 1.5}, {"exact", 0.2}}) {
    random_stream s(seed, regime);
    for (int i = 0; i < 60; ++i) {
      const double x = 0.4 * std::exp(spread * s.normal()), none = s.uniform();
      all[regime].push_back(regime == std::string("exact") && none < 0.3 ? 0 : factor * x);
    }
  }
  return all;
}

process_end verified(const scratch_folder& in, const char* seed, std::vector<std::string> more) {
  std::vector<std::string> words = {
      "verify", "mla.rms_norm", "flash_decode.combine", "--cases", "100", "--recorded", "no", "--seed", seed};
  words.insert(words.end(), more.begin(), more.end());
  return run_program(words, in.path());
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(program_baseline)

BOOST_AUTO_TEST_CASE(seeds_alone_are_no_rise_and_thirty_percent_are) {
  double largest = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const program::rise one = compare(drawn(2 * seed, 1), drawn(2 * seed + 1, 1));
    largest = std::max(largest, one.sigmas);
  }
  BOOST_TEST(largest < program::rise_sigmas);
  BOOST_TEST(largest > 2);  // of 400 draws of a standard normal number
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const program::rise one = compare(drawn(2 * seed, 1), drawn(2 * seed + 1, 1.3));
    BOOST_TEST(one.sigmas > program::rise_sigmas, one.sigmas);
    BOOST_TEST((one.factor > 1.1 && one.factor < 1.6), one.factor);
  }
}

BOOST_AUTO_TEST_CASE(the_same_cases_show_a_rise_that_other_ones_hide) {
  const auto risen = [](by_regime all, std::uint64_t seed, double factor) {
    random_stream s(seed, "change");
    for (auto& [regime, values] : all)
      for (double& x : values) x *= factor * std::exp(0.1 * s.normal());
    return all;
  };
  double largest = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const by_regime one = drawn(seed, 1);
    largest = std::max(largest, program::compare_pairs(one, risen(one, seed, 1)).sigmas);
    BOOST_TEST(program::compare_pairs(one, one).sigmas == 0);
  }
  BOOST_TEST(largest < program::rise_sigmas);
  BOOST_TEST(largest > 2);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const by_regime one = drawn(seed, 1), worse = risen(one, seed, 1.1);
    BOOST_TEST(compare(one, worse).sigmas < program::rise_sigmas);
    const program::rise found = program::compare_pairs(one, worse);
    BOOST_TEST(found.sigmas > program::rise_sigmas, found.sigmas);
    BOOST_TEST((found.factor > 1.08 && found.factor < 1.12), found.factor);
  }
  // By hand: of ranks 1, 2, 3 (and one that stays) the rises have 3 and 1; (4 - 3) / sqrt(14 / 4).
  const program::rise three = program::compare_pairs({{"a", {1, 1, 1, 1}}}, {{"a", {2, 0.8, 1.1, 1}}});
  BOOST_TEST(three.sigmas == 1 / std::sqrt(3.5), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(three.factor == 1.1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(three.now == 4);
}

BOOST_AUTO_TEST_CASE(a_number_that_fell_or_that_nobody_can_compare_is_no_rise) {
  BOOST_TEST(compare(drawn(1, 1), drawn(2, 0.5)).sigmas < 0);
  BOOST_TEST(compare({}, drawn(1, 1)).sigmas == 0);
  BOOST_TEST(compare({{"a", {1, 2}}}, {{"b", {3, 4}}}).sigmas == 0);
  BOOST_TEST(compare({{"a", {0, 0, 0}}}, {{"a", {0, 0, 0}}}).sigmas == 0);
}

BOOST_AUTO_TEST_CASE(another_seed_passes_and_a_rise_inside_the_budget_does_not) {
  const scratch_folder folder;
  BOOST_TEST(verified(folder, "1", {"--json", "old.json"}).code == 0);
  for (const char* seed : {"2", "3"}) {
    const process_end again = verified(folder, seed, {"--baseline", "old.json"});
    BOOST_TEST(again.code == 0, again.out);
    BOOST_TEST(!has(again.out, "RISE"), again.out);
  }
  nlohmann::json old = nlohmann::json::parse(folder.read("old.json"));
  for (auto& row : old.at("variants"))
    if (row.at("metrics").contains("rms"))
      for (auto& [regime, values] : row.at("metrics").at("rms").items())
        for (auto& x : values) x = x.get<double>() / 1.3;
  std::ofstream(folder.path() + "/better.json") << old;

  const process_end worse = verified(folder, "2", {"--baseline", "better.json", "--json", "new.json"});

  BOOST_TEST(worse.code == 1);
  BOOST_TEST(has(worse.out, "RISE  mla.rms_norm/rms_norm bf16: rms is 1.3"), worse.out);
  BOOST_TEST(has(worse.out, "not clean"), worse.out);
  BOOST_TEST(!nlohmann::json::parse(folder.read("new.json")).at("rises").empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_baseline_is_refused_in_one_line) {
  const scratch_folder folder;
  std::ofstream(folder.path() + "/text.json") << "hello";
  std::ofstream(folder.path() + "/empty.json") << R"({"plumbline": 1, "variants": []})";
  for (const auto& [file, code] : {std::pair{"nosuch.json", 3}, {"text.json", 2}, {"empty.json", 2}}) {
    const process_end end = verified(folder, "1", {"--baseline", file});
    BOOST_TEST(end.code == code, file);
    BOOST_TEST(has(end.err, std::string("--baseline: expected what verify --json wrote")), end.err);
    BOOST_TEST(!has(end.err, "json.exception"), end.err);
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_a_baseline_is_named_by_its_place) {
  const scratch_folder folder;
  const std::string row =
      R"("operator": "mla", "function": "rms_norm", "variant": "rms_norm", "dtype": "bf16", "contract": "c")";
  const auto with = [&](const std::string& metrics) {
    return R"({"seed": 1, "variants": [{)" + row + R"(, "metrics": )" + metrics + "}]}";
  };
  const struct {
    std::string text, says;
  } cases[] = {
      {"{\n \"seed\": 1,\n nothing", "line 3, column 3: no JSON"},
      {"{\"seed\": 1,", "line 1, column 12: it ends early"},
      {"[1]", "expected an object, found array"},
      {R"({"variants": []})", "expected the key seed"},
      {R"({"seed": "one", "variants": []})", "seed: expected a whole number, found \"one\""},
      {R"({"seed": 1, "variants": {}})", "variants: expected a list, found object"},
      {R"({"seed": 1, "variants": [{"metrics": {}}]})", "variants[0]: expected the key operator"},
      {with("7"), "variants[0].metrics: expected an object, found 7"},
      {with(R"({"rms": {"flat": [1, null]}})"),
       "variants[0].metrics.rms.flat[1]: expected a number, found null"},
  };
  for (const auto& one : cases) {
    std::ofstream(folder.path() + "/wrong.json") << one.text;
    const process_end end = verified(folder, "1", {"--baseline", "wrong.json"});
    BOOST_TEST(end.code == 2, one.text);
    BOOST_TEST(has(end.err, "got 'wrong.json': " + one.says + "\n"), end.err);
  }
}

BOOST_AUTO_TEST_CASE(a_baseline_that_nothing_can_be_held_to_is_refused_before_anything_runs) {
  const scratch_folder folder;
  const auto said = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "verify");
    for (const char* more : {"--cases", "3", "--baseline", "old.json"}) words.emplace_back(more);
    const process_end end = run_program(words, folder.path());
    BOOST_TEST(end.code == 2, end.out);
    BOOST_TEST(end.out.empty(), end.out);
    BOOST_TEST(has(end.err, "--baseline: expected numbers that this run can be held to, got 'old.json'"),
               end.err);
    BOOST_TEST(std::count(end.err.begin(), end.err.end(), '\n') == 1);
    return end.err;
  };
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "verify");
    for (const char* more : {"--cases", "3", "--recorded", "no"}) words.emplace_back(more);
    return run_program(words, folder.path());
  };
  BOOST_REQUIRE(run({"mla.rms_norm", "--dtype", "bf16", "--regime", "normal", "--json", "old.json"}).code ==
                0);
  BOOST_TEST(has(said({"flash_decode.combine", "--recorded", "no"}), "the baseline does not have it"));
  BOOST_TEST(
      has(said({"mla.rms_norm", "--recorded", "no", "--regime", "wide"}), "has no case of the regime wide"));
  BOOST_TEST(has(said({"mla.rms_norm", "--recorded", "only"}), "no case is generated"));

  const process_end part = run({"mla.rms_norm", "flash_decode.combine", "--baseline", "old.json"});
  BOOST_TEST(has(part.out, "not compared with the baseline: flash_decode.combine/"), part.out);

  nlohmann::json old = nlohmann::json::parse(folder.read("old.json"));
  for (auto& row : old.at("variants"))
    for (auto& [metric, regimes] : row.at("metrics").items()) regimes = {{"bygone", regimes.at("normal")}};
  std::ofstream(folder.path() + "/old.json") << old;
  const process_end ended = run({"mla.rms_norm", "--dtype", "bf16", "--baseline", "old.json"});
  BOOST_TEST(ended.code == 2, ended.out);
  BOOST_TEST(has(ended.out, "bf16: no regime has numbers in both"), ended.out);
  BOOST_TEST(has(ended.err, "nothing could be compared"), ended.err);
}

BOOST_AUTO_TEST_SUITE_END()
