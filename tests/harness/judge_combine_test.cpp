// The stand-alone combine: truth on numbers checked by hand, then both sides of H, E, A and L.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "properties/judge/combine_judge.hpp"
#include "properties/judge/constants.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

struct partials {
  std::int64_t splits, rows, dv;
  std::vector<double> out, lse;
  combine_truth truth() const { return merge_partials(splits, rows, dv, out, lse); }
};

partials drawn(std::uint64_t seed, std::int64_t splits, std::int64_t rows, std::int64_t dv) {
  random_stream random(seed, "combine");
  partials p{splits, rows, dv, {}, {}};
  for (std::int64_t i = 0; i < splits * rows * dv; ++i)
    p.out.push_back(round_to(dtype::f32, random.normal()));
  for (std::int64_t i = 0; i < splits * rows; ++i) p.lse.push_back(round_to(dtype::f32, 3 * random.normal()));
  return p;
}

/// A correct combine in fp32; `fault` 1: weights all equal, 2: exp2 of natural logs, 3: last split dropped.
attention_output merged(const partials& p, dtype out_type, int fault = 0) {
  attention_output x;
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const auto lse = [&](std::int64_t s) {
      return static_cast<float>(p.lse[static_cast<std::size_t>(s * p.rows + i)]);
    };
    const std::int64_t splits = fault == 3 ? p.splits - 1 : p.splits;
    float M = -INFINITY, sum = 0;
    for (std::int64_t s = 0; s < splits; ++s) M = std::fmax(M, lse(s));
    std::vector<float> w;
    for (std::int64_t s = 0; s < splits; ++s) {
      w.push_back(M == -INFINITY ? 0.0f : fault == 2 ? std::exp2(lse(s) - M) : std::exp(lse(s) - M));
      if (fault == 1 && w.back() > 0) w.back() = 1;
      sum += w.back();
    }
    for (std::int64_t c = 0; c < p.dv; ++c) {
      float o = 0;
      for (std::int64_t s = 0; s < splits; ++s)
        if (w[static_cast<std::size_t>(s)] > 0)
          o = std::fmaf(w[static_cast<std::size_t>(s)] / sum,
                        static_cast<float>(p.out[static_cast<std::size_t>((s * p.rows + i) * p.dv + c)]), o);
      x.out.push_back(round_to(out_type, o));
    }
    x.lse.push_back(sum > 0 ? M + std::log(sum) : -INFINITY);
  }
  return x;
}

contract into(dtype out) {
  contract c = plain_f32();
  c.out_type = out;
  return c;
}

verdict judged_merge(const combine_truth& t, const attention_output& x, dtype out = dtype::f32) {
  return judge_combine(t, into(out), x.out, x.lse, {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_merge)

BOOST_AUTO_TEST_CASE(two_equal_partials_give_their_mean_and_log_two_more) {
  const combine_truth t =
      merge_partials(2, 1, 2, std::vector<double>{1, 2, 3, -2}, std::vector<double>{5, 5});

  BOOST_TEST((t.out == std::vector<double>{2, 0}));
  BOOST_TEST((t.S1 == std::vector<double>{2, 2}));
  BOOST_TEST((t.squares == std::vector<double>{2.5, 2}));
  BOOST_TEST((t.sums2 == std::vector<double>{4, 0}));
  BOOST_TEST(t.lse[0] == 5 + std::log(2.0));
  BOOST_TEST(t.used[0] == 2);
}

BOOST_AUTO_TEST_CASE(an_empty_partial_counts_for_nothing_whatever_it_holds) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const combine_truth t =
      merge_partials(2, 2, 1, std::vector<double>{7, nan, nan, nan},
                     std::vector<double>{1, minus_infinity, minus_infinity, minus_infinity});

  BOOST_TEST((t.out == std::vector<double>{7, 0}));
  BOOST_TEST((t.lse == std::vector<double>{1, minus_infinity}));
}

BOOST_AUTO_TEST_CASE(every_partial_counts_in_the_truth_and_in_each_companion) {
  const std::vector<double> out = {1, 2, 4, 8, 16};
  const combine_truth t = merge_partials(5, 1, 1, out, std::vector<double>(5, 7.0));
  const auto near = boost::test_tools::tolerance(1e-12);
  BOOST_TEST(t.used[0] == 5);
  BOOST_TEST(t.lse[0] == 7 + std::log(5.0), near);
  BOOST_TEST(t.out[0] == 31 / 5.0, near);
  BOOST_TEST(t.S1[0] == 31 / 5.0, near);
  BOOST_TEST(t.squares[0] == (1 + 4 + 16 + 64 + 256) / 25.0, near);
  BOOST_TEST(t.sums2[0] == (3 * 3 + 7 * 7 + 15 * 15 + 31 * 31) / 25.0, near);
  BOOST_TEST(t.weights2[0] == (4 + 9 + 16 + 25) / 25.0, near);
  for (std::size_t split = 0; split < 5; ++split) {
    std::vector<double> lse(5, 7.0);
    lse[split] -= 4;
    const combine_truth far = merge_partials(5, 1, 1, out, lse);
    const double weight = std::exp(-4) / (4 + std::exp(-4)), doubt = 4 * judging::argument_rounding;
    BOOST_TEST(far.spread[0] == weight * doubt, near);
    BOOST_TEST(far.distant[0] == weight * out[split] * doubt, near);
  }
}

BOOST_AUTO_TEST_CASE(correct_merges_pass) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    partials p = drawn(seed, 1 + static_cast<std::int64_t>(seed % 40), 4, 64);
    for (std::size_t i = 0; i < p.lse.size(); ++i)
      if ((i + seed) % 5 == 0 && i >= static_cast<std::size_t>(p.rows)) p.lse[i] = minus_infinity;
    for (dtype out : {dtype::f32, dtype::f16, dtype::bf16}) {
      const verdict v = judged_merge(p.truth(), merged(p, out), out);
      BOOST_TEST((v.result == outcome::pass), v.message);
      BOOST_TEST(v.budget_used() <= 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(hundreds_of_partials_of_one_sign_may_drift_as_a_chain_of_sums_does) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    partials p = drawn(seed, 256, 2, 64);
    for (double& x : p.out) x = 1 + std::fabs(x) / 4;

    for (double& lse : p.lse) lse = 5 + lse / 100;

    const verdict v = judged_merge(p.truth(), merged(p, dtype::f32));

    BOOST_TEST((v.result == outcome::pass), v.message);
    BOOST_TEST(finding_named(v, "A").used < 0.8);
  }
}

BOOST_AUTO_TEST_CASE(a_far_weight_is_allowed_the_rounding_of_its_argument_and_no_more) {
  const combine_truth t = merge_partials(2, 1, 1, std::vector<double>{0, 1}, std::vector<double>{0, -64});
  const double doubt = 64 * 0x1.2p-23;
  const auto result = [&](double share) {
    return judge_combine(t, into(dtype::f32), std::vector<double>{t.out[0] * (1 + share * doubt)}, {}, {})
        .result;
  };

  BOOST_TEST((result(0.99) == outcome::pass));
  BOOST_TEST((result(-0.99) == outcome::pass));
  BOOST_TEST((result(1.5) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(wrong_merges_fail) {
  for (int fault = 1; fault <= 3; ++fault)
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const partials p = drawn(seed, 5, 4, 64);

      BOOST_TEST(
          (judged_merge(p.truth(), merged(p, dtype::bf16, fault), dtype::bf16).result == outcome::fail));
    }
}

BOOST_AUTO_TEST_CASE(the_rms_of_a_merge_counts_errors_in_units_of_the_declared_noise) {
  const partials p = drawn(3, 4, 4, 64);
  const combine_truth t = p.truth();
  const auto rms = [&](const attention_output& x) { return judged_merge(t, x).metrics.at("rms"); };
  attention_output doubled = merged(p, dtype::f32);
  for (std::size_t i = 0; i < t.out.size(); ++i) doubled.out[i] += doubled.out[i] - t.out[i];
  const double healthy = rms(merged(p, dtype::f32));

  BOOST_TEST(rms({t.out, t.lse}) == 0);
  BOOST_TEST((healthy > 0.05 && healthy < 1.5), healthy);
  BOOST_TEST(rms(doubled) == 2 * healthy, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(rms(merged(p, dtype::bf16)) > 100 * healthy);
}

BOOST_AUTO_TEST_CASE(one_element_is_held_to_the_rounding_of_its_terms) {
  const combine_truth t = merge_partials(2, 1, 1, std::vector<double>{1, 1}, std::vector<double>{0, 0});
  // |r| = S1 = 1, squares 1/2, one sum of 1 and one of the weights: half an ulp, 2.4e-7 * 2, 7.5 sigma.
  const double budget =
      0x1p-24 * (1 + 1e-6) + 4.8e-7 + 7.5 * (std::sqrt(1.44e-14 * 0.5 + 2 * 0x1p-48 / 3) + 1e-9);
  const auto used = [&](double x) {
    return finding_named(judge_combine(t, into(dtype::f32), std::vector<double>{x}, {}, {}), "E").used;
  };

  BOOST_TEST(used(1 + 0.9999 * budget) <= 1);
  BOOST_TEST(used(1 + 1.0001 * budget) > 1);
  BOOST_TEST(used(1 - 1.0001 * budget) > 1);
}

BOOST_AUTO_TEST_CASE(a_scale_that_no_element_of_a_merge_shows_is_seen_over_the_row) {
  partials p = drawn(1, 2, 4, 256);
  for (double& x : p.out) x = 1 + std::fabs(x) / 4;
  const combine_truth t = p.truth();
  std::vector<double> x = t.out;
  for (double& one : x) one *= 1 + 1.1e-6;
  const verdict v = judge_combine(t, into(dtype::f32), x, {}, {});

  BOOST_TEST(finding_named(v, "A").used > 1);
  BOOST_TEST(finding_named(v, "E").used < 1);
}

BOOST_AUTO_TEST_CASE(the_lse_of_a_merge_has_a_budget_of_its_own) {
  const combine_truth t = merge_partials(2, 1, 1, std::vector<double>{1, 1}, std::vector<double>{3, 3});
  const double tolerance = 1.2e-7 * (2 + 3 + std::log(2.0) + 3) + 6e-8 * 2;
  const auto result = [&](double share) {
    return judge_combine(t, into(dtype::f32), t.out, std::vector<double>{t.lse[0] + share * 2 * tolerance},
                         {})
        .result;
  };

  BOOST_TEST((result(0.999) == outcome::pass));
  BOOST_TEST((result(1.001) == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
