// Copied bytes and rotated elements: no budget, so the neighbour of what is right already fails.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/bytes_judge.hpp"

using namespace plumbline;

namespace {

tensor counted(dtype type, std::vector<std::int64_t> shape) {
  tensor t(type, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, static_cast<double>(i));
  return t;
}

outcome rotated(double exact, double magnitude, double computed) {
  return judge_rotated("k", dtype::bf16, std::vector{1.0, exact}, std::vector{0.0, magnitude},
                       std::vector{1.0, computed}, {})
      .result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_copies)

BOOST_AUTO_TEST_CASE(equal_bytes_pass_and_one_bit_fails_with_its_place_and_codes) {
  const tensor expected = counted(dtype::bf16, {2, 3, 4});
  tensor computed = expected;
  BOOST_TEST((judge_bytes("k_cache", expected, computed).result == outcome::pass));
  computed.set_code(17, computed.code(17) ^ 1);
  const verdict v = judge_bytes("k_cache", expected, computed);

  BOOST_TEST((v.result == outcome::fail));
  BOOST_TEST(v.elements == 24);
  BOOST_TEST(v.message ==
             "k_cache at [1, 1, 1]: computed 17.125 (0x4189), expected 17 (0x4188); 1 byte in 1 of 24 "
             "elements differ");
}

BOOST_AUTO_TEST_CASE(minus_zero_is_not_zero_and_payloads_count) {
  tensor expected(dtype::f16, {2}), zero = expected, payload = expected;
  expected.set_code(1, 0x7e00);
  zero.set_code(1, 0x7e00);
  zero.set_code(0, 0x8000);
  payload.set_code(1, 0x7e01);

  BOOST_TEST((judge_bytes("v_cache", expected, zero).result == outcome::fail));
  BOOST_TEST((judge_bytes("v_cache", expected, payload).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(places_judged_elsewhere_are_left_out_and_all_left_out_is_mistrusted) {
  const tensor expected = counted(dtype::f32, {2, 2});
  tensor computed = expected;
  computed.set_value(3, 99);
  const auto second_row = [](std::span<const std::int64_t> index) { return index[0] == 1; };
  const auto all = [](std::span<const std::int64_t>) { return true; };

  BOOST_TEST((judge_bytes("k_cache", expected, computed, second_row).result == outcome::pass));
  BOOST_TEST((judge_bytes("k_cache", expected, computed, all).result == outcome::mistrusted));
}

BOOST_AUTO_TEST_CASE(another_shape_or_type_fails) {
  const tensor expected = counted(dtype::f32, {2, 2});

  BOOST_TEST((judge_bytes("v_cache", expected, counted(dtype::f32, {4})).result == outcome::fail));
  BOOST_TEST((judge_bytes("v_cache", expected, counted(dtype::f16, {2, 2})).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(strides_do_not_matter_to_bytes) {
  const tensor expected = counted(dtype::f32, {2, 2});
  tensor strided(dtype::f32, {2, 2}, {5, 1});
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t j = 0; j < 2; ++j) strided.set_value(5 * i + j, static_cast<double>(2 * i + j));

  BOOST_TEST((judge_bytes("v_cache", expected, strided).result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(a_rotated_element_has_one_admissible_value_and_two_beside_a_tie) {
  // bf16 at 1: codes 1 and 1 + 2^-7, the tie at 1 + 2^-8.
  const double tie = 1 + 0x1p-8, next = 1 + 0x1p-7;

  BOOST_TEST((rotated(1.0, 2.0, 1.0) == outcome::pass));
  BOOST_TEST((rotated(1.0, 2.0, next) == outcome::fail));
  BOOST_TEST((rotated(1.0, 2.0, 1 - 0x1p-8) == outcome::fail));
  BOOST_TEST((rotated(tie - 2.3e-7 * 2, 2.0, next) == outcome::pass));
  BOOST_TEST((rotated(tie - 2.3e-7 * 2, 2.0, 1.0) == outcome::pass));
  BOOST_TEST((rotated(tie - 2.5e-7 * 2, 2.0, next) == outcome::fail));
  BOOST_TEST((rotated(tie + 2.5e-7 * 2, 2.0, 1.0) == outcome::fail));
}

BOOST_AUTO_TEST_CASE(an_element_that_is_only_copied_keeps_its_sign_of_zero) {
  BOOST_TEST((rotated(-0.0, 0.0, -0.0) == outcome::pass));
  BOOST_TEST((rotated(-0.0, 0.0, 0.0) == outcome::fail));
  BOOST_TEST((rotated(0.0, 1.0, -0.0) == outcome::pass));
}

BOOST_AUTO_TEST_CASE(not_a_number_is_admissible_only_where_it_is_true) {
  BOOST_TEST((rotated(0.5, 1.0, NAN) == outcome::fail));
  BOOST_TEST((rotated(NAN, 1.0, NAN) == outcome::pass));
  BOOST_TEST((rotated(NAN, 1.0, 0.5) == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
