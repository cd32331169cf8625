// The truth of prefill and varlen_states on data that a reader can follow.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "tests/conv1d_data.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;
using namespace plumbline::conv1d::by_hand;

BOOST_AUTO_TEST_SUITE(conv1d_prefill_reference)

BOOST_AUTO_TEST_CASE(the_last_tap_multiplies_the_current_token) {
  prefill_problem p = plain<prefill_problem>(2, 1);
  p.has_bias = true;
  p.lens = {3};

  const call_truth t =
      prefill(p, inputs_of(p, {{"weight", {1, 10}}, {"bias", {5}}, {"x", {1, 2, 3}}, {"conv_states", {9}}}));

  BOOST_TEST((t.filter.out == numbers{15, 26, 37}));
  BOOST_TEST((t.filter.size == numbers{15, 26, 37}));
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{3}));
}

BOOST_AUTO_TEST_CASE(a_history_comes_from_the_slot_s_first_columns_when_the_flag_says_so) {
  prefill_problem p = plain<prefill_problem>(3, 2);
  p.state_len = 4;
  p.lens = {1, 2};
  p.cache_indices = {1, 0};
  p.initial = {1, 0};
  const tensor_set inputs =
      inputs_of(p, {{"weight", {100, 10, 1}}, {"x", {5, 6, 7}}, {"conv_states", {1, 2, 8, 8, 3, 4, 9, 9}}});

  const call_truth t = prefill(p, inputs);

  BOOST_TEST((t.filter.out == numbers{345, 6, 67}));
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{6, 7, 8, 8, 4, 5, 9, 9}));
}

BOOST_AUTO_TEST_CASE(a_sequence_shorter_than_the_window_shifts_the_old_columns_or_zeros) {
  prefill_problem p = plain<prefill_problem>(4, 2);
  p.lens = {1, 2};
  p.initial = {1, 0};

  const call_truth t = prefill(
      p, inputs_of(p, {{"weight", {1, 1, 1, 1}}, {"x", {5, 6, 7}}, {"conv_states", {1, 2, 3, 1, 2, 3}}}));

  BOOST_TEST((t.filter.out == numbers{11, 6, 13}));
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{2, 3, 5, 0, 6, 7}));
}

BOOST_AUTO_TEST_CASE(an_empty_sequence_touches_nothing) {
  prefill_problem p = plain<prefill_problem>(3, 1);
  p.lens = {0};

  const call_truth t = prefill(p, inputs_of(p, {{"weight", {1, 1, 1}}, {"conv_states", {1, 2}}}));

  BOOST_TEST((t.exact.at("conv_states").values() == numbers{1, 2}));
}

BOOST_AUTO_TEST_CASE(padding_is_known_by_its_slot_and_not_by_its_number) {
  prefill_problem p = plain<prefill_problem>(2, 2);
  p.pad_slot_id = 0;
  p.lens = {1, 1};
  p.cache_indices = {1, 0};

  const call_truth t =
      prefill(p, inputs_of(p, {{"weight", {1, 1}}, {"x", {5, NAN}}, {"conv_states", {8, 9}}}));

  BOOST_TEST((t.filter.compared == std::vector<std::uint8_t>{1, 0}));
  BOOST_TEST(t.filter.out[0] == 5);
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{8, 5}));
}

BOOST_AUTO_TEST_CASE(without_an_index_list_no_sequence_is_padding) {
  prefill_problem p = plain<prefill_problem>(2, 1);
  p.pad_slot_id = 0;
  p.lens = {1};

  const call_truth t = prefill(p, inputs_of(p, {{"weight", {1, 1}}, {"x", {5}}, {"conv_states", {8}}}));

  BOOST_TEST((t.filter.compared == std::vector<std::uint8_t>{1}));
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{5}));
}

BOOST_AUTO_TEST_CASE(without_states_histories_are_zero_and_nothing_is_kept) {
  prefill_problem p = plain<prefill_problem>(2, 0);
  p.lens = {2};

  const call_truth t = prefill(p, inputs_of(p, {{"weight", {1, 1}}, {"x", {5, 6}}}));

  BOOST_TEST((t.filter.out == numbers{5, 11}));
  BOOST_TEST(t.exact.empty());
}

BOOST_AUTO_TEST_CASE(silu_is_y_over_one_plus_exp_of_minus_y) {
  prefill_problem p = plain<prefill_problem>(2, 0);
  p.act = activation::silu;
  p.lens = {3};
  const double y = static_cast<double>(static_cast<float>(std::log(3.0)));

  const call_truth t = prefill(p, inputs_of(p, {{"weight", {0, 1}}, {"x", {0, y, -y}}}));

  BOOST_TEST(t.filter.out[0] == 0);
  BOOST_TEST(std::fabs(t.filter.out[1] - 0.75 * y) <= 0x1p-24);
  BOOST_TEST(std::fabs(t.filter.out[2] + 0.25 * y) <= 0x1p-24);
  BOOST_TEST((t.filter.y == numbers{0, y, -y}));
}

BOOST_AUTO_TEST_CASE(states_keep_the_bits_of_a_nan) {
  prefill_problem p = plain<prefill_problem>(2, 1);
  p.lens = {1};
  tensor_set inputs = inputs_of(p, {{"weight", {1, 1}}});
  inputs.at("x").set_code(0, 0xffabcdefu);

  BOOST_TEST(prefill(p, inputs).exact.at("conv_states").code(0) == 0xffabcdefu);
}

BOOST_AUTO_TEST_CASE(last_tokens_are_aligned_to_the_right_with_zeros_before_them) {
  varlen_states_problem p;
  p.type = dtype::f32;
  p.dim = 1;
  p.state_len = 3;
  p.lens = {4, 0, 2};

  const tensor states = varlen_states(p, inputs_of(p, {{"x", {1, 2, 3, 4, 5, 6}}}));

  BOOST_TEST((states.values() == numbers{2, 3, 4, 0, 0, 0, 0, 5, 6}));
}

BOOST_AUTO_TEST_SUITE_END()
