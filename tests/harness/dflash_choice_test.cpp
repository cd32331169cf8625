// Both sides of the set of tokens that a uniform number may draw.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

#include "properties/dflash/choice_judge.hpp"

using namespace plumbline;
using namespace plumbline::dflash;

namespace {

using numbers = std::vector<double>;

numbers cumulative_of(const numbers& logits, double temperature) {
  numbers sums;
  double total = 0;
  for (const double x : logits) sums.push_back(total += std::exp((x - logits[0]) / temperature));
  for (double& sum : sums) sum /= total;
  return sums;
}

admissible_tokens set_of(const numbers& logits, double uniform, double temperature = 1) {
  return admissible_of(logits, cumulative_of(logits, temperature), temperature, uniform);
}

outcome judged(const numbers& logits, double uniform, double token) {
  const numbers sums = cumulative_of(logits, 1), uniforms = {uniform}, tokens = {token};
  const auto size = static_cast<std::int64_t>(logits.size());
  return judge_drawn(logits, sums, size, 1, uniforms, tokens, [](std::int64_t) { return "a row"; }).result;
}

const numbers uneven = {0, 1, 0.5, -2};

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_choice)

BOOST_AUTO_TEST_CASE(between_steps_one_token_is_right) {
  const numbers sums = cumulative_of(uneven, 1);

  for (std::size_t t = 0; t + 1 < uneven.size(); ++t) {
    const double inside = (sums[t] + sums[t + 1]) / 2;
    const admissible_tokens set = set_of(uneven, inside);
    BOOST_TEST(set.first == static_cast<std::int64_t>(t) + 1);
    BOOST_TEST(set.count == 1);
  }
}

BOOST_AUTO_TEST_CASE(as_far_as_fp32_may_move_a_step_two_are_and_further_one_is) {
  const double step = cumulative_of(uneven, 1)[1], u = 0x1p-24;
  // n additions on either side, a weight's own error, a product: a few tens of u.
  const double near = 8 * u, far = 200 * u;

  for (const double side : {-1.0, 1.0}) {
    BOOST_TEST(set_of(uneven, step + side * near).count == 2);
    BOOST_TEST(set_of(uneven, step + side * far).count == 1);
  }
  BOOST_TEST((judged(uneven, step + far, 1) == outcome::fail));
  BOOST_TEST((judged(uneven, step + far, 2) == outcome::pass));
  BOOST_TEST((judged(uneven, step + near, 1) == outcome::pass));
  BOOST_TEST((judged(uneven, step - far, 2) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(where_weights_are_alike_a_step_belongs_to_the_token_behind_it) {
  const numbers alike = {1.5, 1.5, -INFINITY, 1.5, 1.5};

  BOOST_TEST((judged(alike, 0.25, 1) == outcome::pass));
  BOOST_TEST((judged(alike, 0.25, 0) == outcome::fail));
  BOOST_TEST((judged(alike, 0.25 - 0x1p-25, 0) == outcome::pass));
  BOOST_TEST((judged(alike, 0.25 - 0x1p-25, 1) == outcome::fail));
  BOOST_TEST((judged(alike, 0.5, 3) == outcome::pass));
  BOOST_TEST((judged(alike, 0, 0) == outcome::pass));
}

BOOST_AUTO_TEST_CASE(a_product_that_is_no_float_may_round_either_way) {
  const numbers three = {0, 0, 0};
  const double third = static_cast<float>(1.0 / 3);

  BOOST_TEST(set_of(three, third).count == 2);
  BOOST_TEST(set_of(three, third + 0x1p-22).count == 1);
}

BOOST_AUTO_TEST_CASE(a_token_without_a_weight_is_never_right) {
  const numbers hidden = {-INFINITY, 0, -INFINITY, 1};

  for (const double uniform : {0.0, cumulative_of({0, 1}, 1)[0], 1 - 0x1p-24})
    for (const double token : {0.0, 2.0}) {
      numbers sums = {0, 0, 0, 1};
      sums[1] = sums[2] = cumulative_of({0, 1}, 1)[0];
      const numbers uniforms = {uniform}, tokens = {token};
      BOOST_TEST((judge_drawn(hidden, sums, 4, 1, uniforms, tokens, [](std::int64_t) {
                    return "a row";
                  }).result == outcome::fail));
    }
}

BOOST_AUTO_TEST_CASE(a_number_that_is_no_token_fails) {
  for (const double token : {-1.0, 4.0, 1e9, std::nan("")})
    BOOST_TEST((judged(uneven, 0.5, token) == outcome::fail), token);
}

BOOST_AUTO_TEST_CASE(a_colder_draw_errs_more_in_its_exponents) {
  const numbers far = {0, -0.0078125};
  const double cold = 1e-3, step = cumulative_of(far, cold)[0];

  BOOST_TEST(set_of(far, step + 0x1p-26, cold).count == 2);
  BOOST_TEST(additions_of(strip_of_sums) == additions_of(1) + 1);
}

BOOST_AUTO_TEST_SUITE_END()
