#include <boost/test/unit_test.hpp>
#include <limits>

#include "properties/judge/classes.hpp"
#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

bool accepts(double truth, double computed, dtype type = dtype::f16, double reach = 0) {
  judging::class_test test;
  test.add({0, 0, 0}, truth, computed, type, reach);
  return test.finish("out", {}).passed();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_classes)

BOOST_AUTO_TEST_CASE(classes_must_be_equal_by_sign_too) {
  BOOST_TEST(accepts(nan_value, -nan_value));
  BOOST_TEST(accepts(infinity, infinity));
  BOOST_TEST(accepts(1.0, -3.0));
  BOOST_TEST(!accepts(1.0, nan_value));
  BOOST_TEST(!accepts(nan_value, 1.0));
  BOOST_TEST(!accepts(infinity, -infinity));
  BOOST_TEST(!accepts(-infinity, nan_value));
  BOOST_TEST(!accepts(1.0, infinity));
}

BOOST_AUTO_TEST_CASE(an_overflow_of_the_output_type_is_an_expected_infinity) {
  // 65520 is the midpoint between the largest half-precision number and 65536: it rounds to infinity.
  BOOST_TEST(accepts(65520.0, infinity));
  BOOST_TEST(!accepts(65520.0, 65504.0));
  BOOST_TEST(accepts(65519.0, 65504.0));
  BOOST_TEST(!accepts(65519.0, infinity));
}

BOOST_AUTO_TEST_CASE(a_budget_that_reaches_across_the_overflow_makes_both_right) {
  BOOST_TEST(accepts(65519.0, infinity, dtype::f16, 1.0));
  BOOST_TEST(accepts(65520.0, 65504.0, dtype::f16, 1.0));
  BOOST_TEST(!accepts(65500.0, infinity, dtype::f16, 1.0));
}

BOOST_AUTO_TEST_CASE(one_nan_fails_the_tensor_and_is_named) {
  const attention_truth t = handmade(2, 8, 1.0);
  attention_output x = exactly(t);
  x.out[11] = nan_value;
  const verdict v = judged(t, plain_f32(), x);

  BOOST_TEST((v.result == outcome::fail));
  BOOST_TEST(v.message == "out at unit 0, row 1, column 3: computed nan, true 1");
}

BOOST_AUTO_TEST_CASE(a_row_without_keys_demands_minus_infinity_and_zeros) {
  attention_truth t = handmade(2, 8, 1.0);
  t.lse[1] = -infinity;
  t.row_facts[1].visible = 0;
  for (std::size_t c = 8; c < 16; ++c) t.out[c] = t.S1[c] = 0;
  attention_output plus = exactly(t), finite = exactly(t), tiny = exactly(t);
  plus.lse[1] = infinity;
  finite.lse[1] = -1e30;
  tiny.out[9] = 0x1p-149;

  BOOST_TEST((judged(t, plain_f32(), exactly(t)).result == outcome::pass));
  BOOST_TEST((judged(t, plain_f32(), plus).result == outcome::fail));
  BOOST_TEST((judged(t, plain_f32(), finite).result == outcome::fail));
  BOOST_TEST((judged(t, plain_f32(), tiny).result == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
