// The judge of norms: what a right kernel may do passes, one step more does not.
#include "properties/judge/norm_judge.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>

#include "properties/judge/constants.hpp"
#include "reference/core/random.hpp"

using namespace plumbline;

namespace {

constexpr double eps = 1e-6;

/// Rows whose mean square is about `size` squared, normed in double; `factor` of the mean square.
norm_truth normed(std::int64_t rows, std::int64_t columns, double size,
                  const std::function<double(double)>& factor) {
  norm_truth t{rows, columns, {}};
  random_stream draw(3, "rows");
  for (std::int64_t i = 0; i < rows; ++i) {
    std::vector<double> row;
    double squares = 0;
    for (std::int64_t c = 0; c < columns; ++c) row.push_back(round_to(dtype::bf16, size * draw.normal()));
    for (const double x : row) squares += x * x;
    for (const double x : row) t.out.push_back(x * factor(squares / static_cast<double>(columns)));
  }
  return t;
}
double right_factor(double mean) { return 1 / std::sqrt(mean + eps); }

std::vector<double> rounded(const norm_truth& t, const std::function<double(double)>& change = {}) {
  std::vector<double> x;
  for (const double r : t.out) x.push_back(round_to(dtype::bf16, change ? change(r) : r));
  return x;
}

outcome verdict_on(const norm_truth& t, const std::vector<double>& x) {
  return judge_norm(t, dtype::bf16, x, {}).result;
}

double truncated(double r) {
  const double x = round_to(dtype::bf16, r);
  return std::fabs(x) > std::fabs(r) ? x - std::copysign(ulp(dtype::bf16, r), r) : x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(norm_judge)

BOOST_AUTO_TEST_CASE(the_rounded_truth_passes) {
  for (const double size : {1e-3, 1.0, 300.0}) {
    const norm_truth t = normed(7, 512, size, right_factor);

    BOOST_TEST((verdict_on(t, rounded(t)) == outcome::pass));
  }
}

BOOST_AUTO_TEST_CASE(an_eps_outside_the_root_fails_near_eps_alone) {
  const auto outside = [](double mean) { return 1 / (std::sqrt(mean) + eps); };

  const norm_truth near = normed(7, 512, 1e-3, right_factor), far = normed(7, 512, 1, right_factor);

  BOOST_TEST((verdict_on(near, rounded(normed(7, 512, 1e-3, outside))) == outcome::fail));
  BOOST_TEST((verdict_on(far, rounded(normed(7, 512, 1, outside))) == outcome::pass));
}

BOOST_AUTO_TEST_CASE(a_mean_over_another_width_fails) {
  const norm_truth t = normed(4, 512, 1, right_factor);
  const norm_truth wider = normed(4, 512, 1, [](double mean) { return right_factor(mean * 512 / 576); });

  BOOST_TEST((verdict_on(t, rounded(wider)) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_scale_below_the_last_bit_is_seen_by_the_sum_of_a_row) {
  const norm_truth t = normed(1, 512, 1, right_factor);
  const double bit = std::ldexp(1.0, -9);

  BOOST_TEST((verdict_on(t, rounded(t, [&](double r) { return r * (1 + bit / 2); })) == outcome::fail));
  BOOST_TEST(
      (verdict_on(t, rounded(t, [&](double r) { return r * (1 + judging::norm_drift); })) == outcome::pass));
}

BOOST_AUTO_TEST_CASE(truncation_zeros_and_misplaced_nans_fail) {
  const norm_truth t = normed(3, 64, 1, right_factor);
  std::vector<double> cut, one_nan = rounded(t);
  for (const double r : t.out) cut.push_back(truncated(r));
  one_nan[70] = std::nan("");

  BOOST_TEST((verdict_on(t, cut) == outcome::fail));
  BOOST_TEST((verdict_on(t, std::vector<double>(t.out.size(), 0.0)) == outcome::fail));
  BOOST_TEST((verdict_on(t, one_nan) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(rows_that_are_not_numbers_are_judged_by_class) {
  norm_truth t = normed(2, 8, 1, right_factor);
  for (std::size_t c = 0; c < 8; ++c) t.out[c] = c == 3 ? std::nan("") : 0;

  BOOST_TEST((verdict_on(t, rounded(t)) == outcome::pass));
}

BOOST_AUTO_TEST_CASE(a_truth_of_zeros_is_mistrusted) {
  const norm_truth t{1, 4, {0, 0, 0, 0}};

  BOOST_TEST((verdict_on(t, t.out) == outcome::mistrusted));
}

BOOST_AUTO_TEST_SUITE_END()
