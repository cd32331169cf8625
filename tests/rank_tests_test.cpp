// The statistics of verify --baseline: bounds against every draw there is, and rises among cases that differ.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "ci/plumbline/rank_tests.hpp"
#include "ci/plumbline/tail_bounds.hpp"
#include "reference/core/random.hpp"

using namespace plumbline;
using namespace plumbline::program;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Cases of two kinds of output, a tenth of one apart, in four regimes of another size and spread each; some
// of one regime are exact.
measured drawn(std::uint64_t seed, int cases, double factor) {
  measured m;
  random_stream s(seed, "cases");
  const char* const regimes[] = {"flat", "normal", "wide", "exact"};
  const double spread[] = {0.05, 0.2, 1.5, 0.2};
  for (int i = 0; i < cases; ++i) {
    const auto r = static_cast<std::size_t>(s.integer(0, 3));
    const bool f32 = s.chance(0.5), none = r == 3 && s.chance(0.3);
    m.traits.push_back({std::string("regime=") + regimes[r], f32 ? "out_f32" : "out_bf16"});
    if (s.chance(0.5)) m.traits.back().push_back("gap");
    m.values.push_back(none ? 0 : factor * (f32 ? 0.1 : 1) * std::exp(spread[r] * s.normal()));
  }
  return m;
}

// Share of all draws of `taken` scores whose sum is `sum` or more: counted one by one.
double share_of_draws(const std::vector<double>& scores, std::size_t taken, double sum) {
  double found = 0, all = 0;
  for (std::uint32_t set = 0; set < 1U << scores.size(); ++set) {
    if (static_cast<std::size_t>(__builtin_popcount(set)) != taken) continue;
    double t = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) t += (set >> i & 1U) != 0 ? scores[i] : 0;
    all += 1, found += t >= sum - 1e-12;
  }
  return found / all;
}

double share_of_signs(const std::vector<double>& sizes, double sum) {
  double found = 0;
  for (std::uint32_t set = 0; set < 1U << sizes.size(); ++set) {
    double t = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) t += (set >> i & 1U) != 0 ? sizes[i] : -sizes[i];
    found += t >= sum - 1e-12;
  }
  return found / std::ldexp(1, static_cast<int>(sizes.size()));
}

// Beside a normal distribution's tail, Chernoff's bound is sqrt(2 pi) z too large, and z = sqrt(-2 log
// bound).
void require_near(double chance, double log_bound) {
  const double bound = std::exp(log_bound);
  BOOST_TEST(bound >= chance * (1 - 1e-9), bound << " beside " << chance);
  BOOST_TEST(bound <= chance * (2 + 2.5 * std::sqrt(-2 * log_bound)), bound << " beside " << chance);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rank_tests)

BOOST_AUTO_TEST_CASE(ties_share_their_rank) {
  BOOST_TEST((midranks({3, 1, 3, 7, 3}) == std::vector<double>{3, 1, 3, 5, 3}));
  BOOST_TEST((midranks({}) == std::vector<double>()));
  BOOST_TEST(midranks({1, std::nan(""), 2}).size() == 3u);  // it ends
}

BOOST_AUTO_TEST_CASE(the_bound_of_a_draw_holds_for_every_draw_there_is) {
  const std::vector<double> ranks = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  // Published for two samples of 5 (Mann and Whitney 1947): P(U >= 25) = 1 / 252, P(U >= 21) = 12 / 252.
  BOOST_TEST(share_of_draws(ranks, 5, 15 + 25) == 1.0 / 252, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(share_of_draws(ranks, 5, 15 + 21) == 12.0 / 252, boost::test_tools::tolerance(1e-12));
  for (int sum = 15; sum <= 40; ++sum)
    require_near(share_of_draws(ranks, 5, sum), log_tail_of_draw(ranks, 5, sum));
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    random_stream s(seed, "scores");
    std::vector<double> scores;
    const auto n = static_cast<std::size_t>(s.integer(4, 14)),
               taken = static_cast<std::size_t>(s.integer(1, 3));
    for (std::size_t i = 0; i < n; ++i) {
      const double x = s.normal();  // skewed, and a few ties
      scores.push_back(s.chance(0.2) ? 0 : seed % 2 == 0 ? x : std::exp(2 * x));
    }
    std::vector<double> sorted = scores;
    std::sort(sorted.begin(), sorted.end());
    for (int share = 0; share <= 10; ++share) {
      double most = 0, mean = 0;
      for (std::size_t i = 0; i < taken; ++i) most += sorted[n - 1 - i];
      for (const double x : scores) mean += x / static_cast<double>(n) * static_cast<double>(taken);
      const double sum = mean + (most - mean) * share / 10.0;
      const double chance = share_of_draws(scores, taken, sum),
                   bound = std::exp(log_tail_of_draw(scores, taken, sum));
      BOOST_TEST(bound >= chance * (1 - 1e-9), bound << " beside " << chance);
      if (share == 10) BOOST_TEST(bound < 3 * chance, bound << " beside " << chance);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_bound_of_signs_holds_for_every_flip_there_is) {
  // Published (Wilcoxon 1945): of 8 pairs, P(sum of positive ranks >= 33) = 5 / 256, and >= 36: 1 / 256.
  const std::vector<double> ranks = {1, 2, 3, 4, 5, 6, 7, 8};
  BOOST_TEST(share_of_signs(ranks, 2 * 33 - 36) == 5.0 / 256);
  BOOST_TEST(share_of_signs(ranks, 36) == 1.0 / 256);
  for (int sum = -36; sum <= 36; sum += 2)
    require_near(share_of_signs(ranks, sum), log_tail_of_signs(ranks, sum));
  BOOST_TEST(log_tail_of_signs(ranks, 0) == 0);
}

BOOST_AUTO_TEST_CASE(far_out_the_bound_is_the_one_draw_that_is_left) {
  std::vector<double> ranks;
  for (int i = 1; i <= 120; ++i) ranks.push_back(i);
  const double all = std::lgamma(121) - 2 * std::lgamma(61);
  const double bound = log_tail_of_draw(ranks, 60, 61 * 60 / 2.0 + 60 * 60);
  BOOST_TEST(bound >= -all);
  BOOST_TEST(bound < -all + 1);
  BOOST_TEST(log_tail_of_draw(ranks, 60, 60 * 60.5) == 0);
  BOOST_TEST(log_tail_of_draw(ranks, 0, 0) == 0);
  BOOST_TEST(log_tail_of_draw(ranks, 120, 7260) == 0);
}

BOOST_AUTO_TEST_CASE(groups_are_of_cases_that_are_alike_in_what_matters) {
  const measured m = drawn(1, 200, 1);
  double pure = 0, all = 0;
  for (const alike& g : alike_cases(m)) {
    BOOST_TEST(g.cases.size() >= 5U);
    double f32 = 0;
    for (const std::size_t i : g.cases) f32 += m.traits[i][1] == "out_f32";
    pure += f32 == 0 || f32 == static_cast<double>(g.cases.size()), all += 1;
  }
  BOOST_TEST(pure > 0.8 * all);
  for (const alike& g : alike_cases({{{"a"}, {"a"}, {"a"}}, {1, 1, 2}})) {
    BOOST_TEST(g.cases.size() == 3U);
    BOOST_TEST(g.weight == 0.5);  // one pair of three is turned round, and one more as if
  }
  BOOST_TEST(alike_cases({{{"a"}, {"b"}}, {0, 0}}).empty());
}

// One tree knows together and apart; with traits that mean nothing about, each cuts in other places.
BOOST_AUTO_TEST_CASE(many_trees_say_how_much_alike_two_cases_are) {
  measured m = drawn(1, 60, 1);
  random_stream s(1, "traits that mean nothing");
  for (auto& traits : m.traits)
    for (int t = 0; t < 8; ++t)
      if (s.chance(0.5)) traits.push_back("trait " + std::to_string(t));
  std::map<std::pair<std::size_t, std::size_t>, int> met;
  for (const alike& g : alike_cases(m))
    for (const std::size_t a : g.cases)
      for (const std::size_t b : g.cases)
        if (a < b) ++met[{a, b}];
  std::set<int> degrees;
  for (const auto& [pair, times] : met) degrees.insert(times);
  BOOST_TEST(degrees.size() > 10U);
}

BOOST_AUTO_TEST_CASE(seeds_alone_are_no_rise_and_thirty_percent_are) {
  int beyond = 0;
  double squares = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const rise one = compare(drawn(2 * seed, 60, 1), drawn(2 * seed + 1, 60, 1));
    beyond += one.chance < 0.05, squares += one.sigmas * one.sigmas / 300;
    BOOST_TEST(one.chance > 1e-4, one.chance);
  }
  BOOST_TEST(beyond < 15);                                 // at most 5 % of 300
  BOOST_TEST((squares > 0.75 && squares < 1.3), squares);  // sigmas of a draw have variance 1
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const rise one = compare(drawn(2 * seed, 100, 1), drawn(2 * seed + 1, 100, 1.3));
    BOOST_TEST(one.chance < 1e-4, one.chance);
    BOOST_TEST((one.factor > 1.15 && one.factor < 1.45), one.factor);
  }
}

BOOST_AUTO_TEST_CASE(a_rise_of_some_cases_alone_is_told_with_their_trait) {
  const auto risen_where = [](const std::string& trait, measured m) {
    for (std::size_t i = 0; i < m.values.size(); ++i)
      if (std::find(m.traits[i].begin(), m.traits[i].end(), trait) != m.traits[i].end()) m.values[i] *= 2;
    return m;
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const char* trait : {"regime=normal", "out_f32"}) {
      const rise one = compare(drawn(2 * seed, 150, 1), risen_where(trait, drawn(2 * seed + 1, 150, 1)));
      BOOST_TEST(one.chance < 1e-4, one.chance);
      BOOST_TEST(one.where == trait);
      BOOST_TEST((one.factor > 1.6 && one.factor < 2.4), one.factor);
    }
}

BOOST_AUTO_TEST_CASE(one_of_many_traits_is_surest_by_chance_and_no_rise) {
  const auto with_traits = [](std::uint64_t seed) {
    measured m = drawn(seed, 60, 1);
    random_stream s(seed, "traits");
    for (auto& traits : m.traits)
      for (int t = 0; t < 60; ++t)
        if (s.chance(0.3)) traits.push_back("trait_" + std::to_string(t));
    return m;
  };
  int beyond = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed)
    beyond += compare(with_traits(2 * seed), with_traits(2 * seed + 1)).chance < 0.05;
  BOOST_TEST(beyond <= 5);  // 15 if the bound were the chance, and it is several times that
}

BOOST_AUTO_TEST_CASE(the_same_cases_show_a_rise_that_other_ones_hide) {
  const auto changed = [](measured m, std::uint64_t seed, double factor) {
    random_stream s(seed, "change");
    for (double& x : m.values) x *= factor * std::exp(0.1 * s.normal());
    return m;
  };
  int beyond = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const measured one = drawn(seed, 60, 1);
    beyond += compare_pairs(one.values, changed(one, seed, 1).values).chance < 0.05;
    BOOST_TEST(!compare_pairs(one.values, one.values).compared);
  }
  BOOST_TEST(beyond < 15);
  int seen = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const measured one = drawn(seed, 60, 1), worse = changed(one, seed, 1.1);
    seen += compare(drawn(seed + 1000, 60, 1), worse).chance < 1e-4;
    const rise found = compare_pairs(one.values, worse.values);
    BOOST_TEST(found.chance < 1e-4, found.chance);
    BOOST_TEST((found.factor > 1.06 && found.factor < 1.14), found.factor);
  }
  BOOST_TEST(seen <= 5);
  // By hand: of ranks 1, 2, 3 (and one that stays) the rises have 3 and 1; (4 - 2) / sqrt(14).
  const rise three = compare_pairs({1, 1, 1, 1}, {2, 0.8, 1.1, 1});
  BOOST_TEST(three.sigmas == 2 / std::sqrt(14.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(three.factor == 1.1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(three.now == 4);
}

BOOST_AUTO_TEST_CASE(a_number_that_fell_or_that_nobody_can_compare_is_no_rise) {
  BOOST_TEST(compare(drawn(1, 60, 1), drawn(2, 60, 0.5)).chance == 1);
  BOOST_TEST(!compare({}, drawn(1, 60, 1)).compared);
  BOOST_TEST(!compare(drawn(1, 60, 1), {}).compared);
  const measured zeros = {{{"a"}, {"a"}, {"b"}}, {0, 0, 0}}, ones = {zeros.traits, {1, 2, infinite}};
  BOOST_TEST(!compare(zeros, zeros).compared);
  BOOST_TEST(!compare(zeros, {zeros.traits, {NAN, 0, infinite}}).compared);
  BOOST_TEST(compare(zeros, ones).factor == infinite);
  BOOST_TEST(compare(zeros, ones).now == 2);
  BOOST_TEST(compare_pairs(zeros.values, ones.values).factor == infinite);
}

BOOST_AUTO_TEST_SUITE_END()
