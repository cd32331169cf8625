// The truth of update and update_speculative on data that a reader can follow.
#include <boost/test/unit_test.hpp>

#include "tests/conv1d_data.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;
using namespace plumbline::conv1d::by_hand;

BOOST_AUTO_TEST_SUITE(conv1d_update_reference)

BOOST_AUTO_TEST_CASE(the_history_of_a_linear_state_is_its_last_columns) {
  update_problem p = plain<update_problem>(3, 1);
  p.state_len = 4;
  p.seqlen = 2;

  const call_truth t =
      update(p, inputs_of(p, {{"weight", {100, 10, 1}}, {"conv_state", {1, 2, 3, 4}}, {"x", {5, 6}}}));

  BOOST_TEST((t.filter.out == numbers{345, 456}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{3, 4, 5, 6}));
}

BOOST_AUTO_TEST_CASE(of_more_tokens_than_columns_the_last_remain) {
  update_problem p = plain<update_problem>(2, 1);
  p.seqlen = 3;

  const call_truth t = update(p, inputs_of(p, {{"weight", {10, 1}}, {"conv_state", {1}}, {"x", {5, 6, 7}}}));

  BOOST_TEST((t.filter.out == numbers{15, 56, 67}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{7}));
}

BOOST_AUTO_TEST_CASE(a_circular_state_is_read_before_and_written_at_its_position) {
  update_problem p = plain<update_problem>(3, 1);
  p.state_len = 3;
  p.cache_seqlens = {4};

  const call_truth t =
      update(p, inputs_of(p, {{"weight", {100, 10, 1}}, {"conv_state", {4, 2, 3}}, {"x", {5}}}));

  BOOST_TEST((t.filter.out == numbers{345}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{4, 5, 3}));
}

BOOST_AUTO_TEST_CASE(a_circular_history_is_read_before_it_is_overwritten) {
  update_problem p = plain<update_problem>(3, 1);
  p.cache_seqlens = {0};
  p.seqlen = 3;

  const call_truth t =
      update(p, inputs_of(p, {{"weight", {100, 10, 1}}, {"conv_state", {1, 2}}, {"x", {5, 6, 7}}}));

  BOOST_TEST((t.filter.out == numbers{125, 256, 567}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{7, 6}));
}

BOOST_AUTO_TEST_CASE(the_history_of_a_draft_begins_at_the_accepted_count_less_one) {
  update_speculative_problem p = plain<update_speculative_problem>(3, 1);
  p.seqlen = 2;
  p.state_len = 4;
  p.num_accepted_tokens = {2};

  const call_truth t = update_speculative(
      p, inputs_of(p, {{"weight", {100, 10, 1}}, {"conv_state", {1, 2, 3, 9}}, {"x", {5, 6}}}));

  BOOST_TEST((t.filter.out == numbers{235, 356}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{3, 5, 6, 9}));
}

BOOST_AUTO_TEST_CASE(a_short_draft_writes_fewer_columns_and_an_empty_one_none) {
  update_speculative_problem p = plain<update_speculative_problem>(3, 2);
  p.batch = 2;
  p.seqlen = 2;
  p.state_len = 3;
  p.query_lens = {1, 0};
  p.num_accepted_tokens = {1, 2};

  const call_truth t = update_speculative(
      p, inputs_of(p, {{"weight", {100, 10, 1}}, {"conv_state", {1, 2, 3, 4, 5, 6}}, {"x", {7}}}));

  BOOST_TEST((t.filter.out == numbers{127}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{2, 7, 3, 4, 5, 6}));
}

BOOST_AUTO_TEST_CASE(each_token_leaves_its_window_in_its_step) {
  update_speculative_problem p = plain<update_speculative_problem>(3, 1);
  p.seqlen = 2;
  p.lines = 2;
  p.intermediate_state_indices = {1};
  const tensor_set inputs = inputs_of(p, {{"weight", {100, 10, 1}},
                                          {"conv_state", {1, 2}},
                                          {"x", {5, 6}},
                                          {"intermediate_conv_window", {8, 8, 8, 8, 9, 9, 9, 9}}});

  const call_truth t = update_speculative(p, inputs);

  BOOST_TEST((t.filter.out == numbers{125, 256}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{5, 6}));
  BOOST_TEST((t.exact.at("intermediate_conv_window").values() == numbers{8, 8, 8, 8, 2, 5, 5, 6}));
}

BOOST_AUTO_TEST_CASE(a_token_of_a_tree_sees_its_ancestors_and_then_the_history) {
  update_speculative_problem p = plain<update_speculative_problem>(3, 1);
  p.seqlen = 4;
  p.tree = true;
  const tensor_set inputs = inputs_of(p, {{"weight", {100, 10, 1}},
                                          {"conv_state", {1, 2}},
                                          {"x", {5, 6, 7, 8}},
                                          {"retrieve_next_token", {1, 3, -1, -1}},
                                          {"retrieve_next_sibling", {-1, 2, -1, -1}}});

  const call_truth t = update_speculative(p, inputs);

  BOOST_TEST((t.filter.out == numbers{125, 256, 257, 568}));
  BOOST_TEST((t.exact.at("retrieve_parent_token").values() == numbers{0, 0, 0, 1}));
  BOOST_TEST((t.exact.at("conv_state").values() == numbers{7, 8}));
}

BOOST_AUTO_TEST_SUITE_END()
