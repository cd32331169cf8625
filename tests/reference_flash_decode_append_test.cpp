// append and rotation on data small enough to check by hand.
#include <boost/test/unit_test.hpp>

#include "tests/flash_decode_data.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;
using namespace plumbline::flash_decode::by_hand;

namespace {

// Two sequences of a dense cache of five slots; d = dv = 16; two new tokens each.
struct small_append {
  append_problem p;
  tensor_set inputs;
  small_append() {
    p.b = p.batch_cache = 2;
    p.d = p.dv = 16;
    p.capacity = 5;
    p.sn = 2;
    p.cache_seqlens = {1, 3};
    inputs.set("k_cache", rows_of(p.type, {2, 5, 1, 16}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    inputs.set("v_cache", rows_of(p.type, {2, 5, 1, 16}, {-1, -2, -3, -4, -5, -6, -7, -8, -9, -10}));
    inputs.set("k_new", rows_of(p.type, {2, 2, 1, 16}, {20, 21, 30, 31}));
    inputs.set("v_new", rows_of(p.type, {2, 2, 1, 16}, {-20, -21, -30, -31}));
    inputs.set("cache_seqlens", integers({2}, {1, 3}));
  }
  // cos row r holds r, sin holds 0: a rotated row is its position times the row.
  void rotate_by_position() {
    p.rotary_dim = 16;
    p.seqlen_rotary = 6;
    inputs.set("rotary_cos", rows_of(p.type, {6, 8}, {0, 1, 2, 3, 4, 5}));
    inputs.set("rotary_sin", filled(p.type, {6, 8}, 0));
  }
  void with_queries(std::int64_t sq) {
    p.sq = sq;
    inputs.set("q", filled(p.type, {2, sq, 1, 16}, 1));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flash_decode_append)

BOOST_AUTO_TEST_CASE(new_rows_go_behind_the_cached_ones_and_nothing_else_changes) {
  const small_append call;

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST((firsts(truth.k_cache.values(), 16) == numbers{1, 20, 21, 4, 5, 6, 7, 8, 30, 31}));
  BOOST_TEST((firsts(truth.v_cache.values(), 16) == numbers{-1, -20, -21, -4, -5, -6, -7, -8, -30, -31}));
  BOOST_TEST((firsts(truth.k_exact, 16) == numbers{20, 21, 30, 31}));
  BOOST_TEST(truth.written.size() == 4u);
  BOOST_TEST(truth.written[3].sequence == 1);
  BOOST_TEST(truth.written[3].token == 1);
  BOOST_TEST(truth.written[3].row == 1);
  BOOST_TEST(truth.written[3].position == 4);
  BOOST_TEST(truth.written[3].k_offset == 9 * 16);
  BOOST_TEST(truth.q_rotated.rank() == 0);
}

BOOST_AUTO_TEST_CASE(bits_that_are_no_number_are_copied_too) {
  small_append call;
  for (std::int64_t c = 0; c < 16; ++c) {
    call.inputs.at("k_new").set_code(c, 0x7fc1u);
    call.inputs.at("v_new").set_code(c, 0x8000u);
  }

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST(truth.k_cache.code(16) == 0x7fc1u);
  BOOST_TEST(truth.v_cache.code(16) == 0x8000u);
}

BOOST_AUTO_TEST_CASE(pages_and_left_padding_place_the_new_rows) {
  small_append call;
  call.p.page_size = 3;
  call.p.max_pages = 2;
  call.p.capacity = 6;
  call.p.num_pages = 4;
  call.p.cache_leftpad = {1, 0};
  call.p.cache_seqlens = {2, 0};
  call.inputs.set("cache_seqlens", integers({2}, {2, 0}));
  call.inputs.set("cache_leftpad", integers({2}, {1, 0}));
  call.inputs.set("page_table", integers({2, 2}, {3, 1, 2, -1}));
  call.inputs.set("k_cache", filled(call.p.type, {4, 3, 1, 16}, 0));
  call.inputs.set("v_cache", filled(call.p.type, {4, 3, 1, 16}, 0));

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST((firsts(truth.k_cache.values(), 16) == numbers{0, 0, 0, 21, 0, 0, 30, 31, 0, 0, 0, 20}));
}

BOOST_AUTO_TEST_CASE(packed_tokens_may_be_none_for_a_sequence) {
  small_append call;
  call.p.seqlens_new = {0, 2};
  call.inputs.set("cu_seqlens_k_new", cumulative_lengths({0, 2}));
  call.inputs.set("k_new", rows_of(call.p.type, {2, 1, 16}, {30, 31}));
  call.inputs.set("v_new", rows_of(call.p.type, {2, 1, 16}, {-30, -31}));

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST((firsts(truth.k_cache.values(), 16) == numbers{1, 2, 3, 4, 5, 6, 7, 8, 30, 31}));
}

BOOST_AUTO_TEST_CASE(rotation_turns_pairs_in_either_style) {
  numbers interleaved = {1, 2, 3, 4, 5}, halves = interleaved;
  const numbers cos = {0, 2}, sin = {1, 3};

  rotate_row(interleaved, cos, sin, true);
  rotate_row(halves, cos, sin, false);

  BOOST_TEST((interleaved == numbers{-2, 1, 2 * 3 - 3 * 4, 3 * 3 + 2 * 4, 5}));
  BOOST_TEST((halves == numbers{-3, 2 * 2 - 3 * 4, 1, 3 * 2 + 2 * 4, 5}));
}

BOOST_AUTO_TEST_CASE(new_keys_rotate_at_the_slots_they_go_to) {
  small_append call;
  call.rotate_by_position();

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST((firsts(truth.k_exact, 16) == numbers{1 * 20, 2 * 21, 3 * 30, 4 * 31}));
  BOOST_TEST((firsts(truth.v_cache.values(), 16) == numbers{-1, -20, -21, -4, -5, -6, -7, -8, -30, -31}));
}

BOOST_AUTO_TEST_CASE(given_rotary_lengths_override_the_first_position) {
  small_append call;
  call.rotate_by_position();
  call.p.rotary_seqlens = {4, 0};
  call.inputs.set("rotary_seqlens", integers({2}, {4, 0}));

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST((firsts(truth.k_exact, 16) == numbers{4 * 20, 5 * 21, 0, 1 * 31}));
}

BOOST_AUTO_TEST_CASE(queries_stand_at_one_position_unless_a_mask_moves_them) {
  small_append still, causal, wide, local;
  for (small_append* call : {&still, &causal, &wide, &local}) {
    call->rotate_by_position();
    call->with_queries(2);
  }
  causal.p.causal = true;
  wide.p.window_left = 4;
  local.p.window_left = 3;

  BOOST_TEST((firsts(append(still.p, still.inputs).q_exact, 16) == numbers{1, 1, 3, 3}));
  BOOST_TEST((firsts(append(causal.p, causal.inputs).q_exact, 16) == numbers{1, 2, 3, 4}));
  BOOST_TEST((firsts(append(wide.p, wide.inputs).q_exact, 16) == numbers{1, 1, 3, 3}));
  BOOST_TEST((firsts(append(local.p, local.inputs).q_exact, 16) == numbers{1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(rotated_values_round_once_and_other_channels_keep_their_bits) {
  small_append call;
  call.p.d = call.p.dv = 24;
  call.p.rotary_dim = 16;
  call.p.seqlen_rotary = 5;
  call.p.rotary_interleaved = false;
  for (const char* name : {"k_cache", "v_cache"})
    call.inputs.set(name, filled(call.p.type, {2, 5, 1, 24}, 0));
  for (const char* name : {"k_new", "v_new"}) call.inputs.set(name, filled(call.p.type, {2, 2, 1, 24}, 1));
  tensor& k = call.inputs.at("k_new");
  for (std::int64_t c = 8; c < 16; ++c) k.set_value(c, 0x1p-8);
  k.set_code(16, 0x7fc1u);
  call.inputs.set("rotary_cos", filled(call.p.type, {5, 8}, 1));
  call.inputs.set("rotary_sin", filled(call.p.type, {5, 8}, -1));

  const append_truth truth = append(call.p, call.inputs);

  BOOST_TEST(truth.k_exact[0] == 1 + 0x1p-8);
  BOOST_TEST(truth.k_cache.value(24) == 1.0);
  BOOST_TEST(truth.k_exact[8] == -1 + 0x1p-8);
  BOOST_TEST(truth.k_cache.value(24 + 8) == -1 + 0x1p-8);
  BOOST_TEST(truth.k_cache.code(24 + 16) == 0x7fc1u);
}

BOOST_AUTO_TEST_CASE(attending_afterwards_sees_the_new_keys) {
  small_append call;
  call.with_queries(1);
  for (double& q : call.inputs.at("q").values()) BOOST_TEST_REQUIRE(q == 1);
  const append_truth truth = append(call.p, call.inputs);
  attend_problem options;
  options.sq = 1;

  const attend_call next = attend_after(call.p, options, call.inputs, truth.k_cache, truth.v_cache, nullptr);

  BOOST_TEST((next.problem.cache_seqlens == std::vector<std::int64_t>{3, 5}));
  BOOST_TEST((keys_of(attend_units(next.problem, next.inputs)[0]) == numbers{1, 20, 21}));
  BOOST_TEST((keys_of(attend_units(next.problem, next.inputs)[1]) == numbers{6, 7, 8, 30, 31}));
}

BOOST_AUTO_TEST_SUITE_END()
