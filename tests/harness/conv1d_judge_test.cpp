// Both sides of the filter's bound.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "properties/conv1d/filter_judge.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;

namespace {

filter_truth one_token(double y, double size, activation act) {
  const double r = act == activation::silu ? y / (1 + std::exp(-y)) : y;
  return {{r}, {y}, {size}, {1}};
}

verdict judged(const filter_shape& p, const filter_truth& t, double computed) {
  const double all[] = {computed};
  return judge_filtered(p, t, all, {});
}

filter_shape shape_of(dtype type, activation act) {
  filter_shape p;
  p.type = type;
  p.act = act;
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_judge)

BOOST_AUTO_TEST_CASE(half_an_ulp_passes_and_one_fails_in_16_bits) {
  const filter_shape p = shape_of(dtype::bf16, activation::none);
  const filter_truth t = one_token(1 + 0x1p-9, 2, activation::none);

  BOOST_TEST((judged(p, t, 1).result == outcome::pass));
  BOOST_TEST((judged(p, t, 1 + 0x1p-7).result == outcome::fail));
  BOOST_TEST((judged(p, t, 1 - 0x1p-8).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_tie_may_fall_either_way) {
  const filter_shape p = shape_of(dtype::bf16, activation::none);
  const filter_truth t = one_token(1 + 0x1p-8, 2, activation::none);

  BOOST_TEST((judged(p, t, 1).result == outcome::pass));
  BOOST_TEST((judged(p, t, 1 + 0x1p-7).result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(sums_may_lose_a_rounding_a_tap_and_no_more) {
  const filter_shape p = shape_of(dtype::f32, activation::none);
  const filter_truth t = one_token(0.25, 8, activation::none);
  const double allowed = worst_error(p, 0.25, 8).sums;

  BOOST_TEST(allowed >= 4 * 8 * 0x1p-24);
  BOOST_TEST(allowed <= 4 * 8 * 0x1.001p-24);
  BOOST_TEST((judged(p, t, 0.25 + 4 * 8 * 0x1p-24).result == outcome::pass));
  BOOST_TEST((judged(p, t, 0.25 + 5 * 8 * 0x1p-24).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(the_slope_of_silu_carries_the_error_of_its_sum) {
  const filter_shape p = shape_of(dtype::f32, activation::silu);
  for (const double y : {-30.0, -3.0, -1.0, 0.0, 0.5, 2.0, 20.0}) {
    const double size = 50, of_y = 4 * size * 0x1p-24;
    const double moved = (y + of_y) / (1 + std::exp(-y - of_y)), r = y / (1 + std::exp(-y));
    BOOST_TEST(std::fabs(moved - r) <= worst_error(p, y, size).sums, y);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_class_a_nan_and_zeros_fail) {
  const filter_shape p = shape_of(dtype::f16, activation::silu);
  const filter_truth t = one_token(3, 4, activation::silu);

  BOOST_TEST((judged(p, t, NAN).result == outcome::fail));
  BOOST_TEST((judged(p, t, INFINITY).result == outcome::fail));
  BOOST_TEST((judged(p, t, 0).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(what_could_not_have_failed_is_mistrusted) {
  const filter_shape p = shape_of(dtype::f16, activation::silu);

  BOOST_TEST((judged(p, one_token(0, 4, activation::silu), 0).result == outcome::mistrusted));
  BOOST_TEST((judged(p, one_token(-40, 40, activation::silu), 0).result == outcome::mistrusted));
  BOOST_TEST((judged(p, one_token(NAN, NAN, activation::silu), NAN).result == outcome::mistrusted));
}

BOOST_AUTO_TEST_CASE(tokens_of_padding_are_not_compared) {
  const filter_shape p = shape_of(dtype::f16, activation::none);
  const filter_truth t = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};
  const double computed[] = {1, NAN};

  const verdict v = judge_filtered(p, t, computed, {});

  BOOST_TEST((v.result == outcome::pass));
  BOOST_TEST(v.elements == 1);
}

BOOST_AUTO_TEST_SUITE_END()
