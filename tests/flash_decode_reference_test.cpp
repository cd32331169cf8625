// The truth of flash_decode on data small enough to check by hand.
//
// Rows of keys hold one number in every channel, so a gathered row says which slot it came from.
#include "reference/flash_decode.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include "reference/core/keyed_text.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;

namespace {

constexpr double junk = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
using numbers = std::vector<double>;

tensor rows_of(dtype type, std::vector<std::int64_t> shape, const numbers& row_values, std::int64_t gap = 0) {
  tensor t = rows_with_gap(type, std::move(shape), gap);
  const std::int64_t width = t.shape().back();
  for (std::size_t r = 0; r < row_values.size(); ++r)
    for (std::int64_t c = 0; c < width; ++c)
      t.set_value(static_cast<std::int64_t>(r) * (width + gap) + c, row_values[r]);
  return t;
}

tensor integers(std::vector<std::int64_t> shape, const numbers& values) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

tensor filled(dtype type, std::vector<std::int64_t> shape, double x) {
  tensor t(type, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, x);
  return t;
}

// First channel of every row.
numbers firsts(const numbers& all, std::size_t width) {
  numbers first;
  for (std::size_t at = 0; at < all.size(); at += width) first.push_back(all[at]);
  return first;
}

numbers keys_of(const attention_unit& unit) {
  numbers k(static_cast<std::size_t>(unit.keys * unit.dk));
  unit.load_k(0, unit.keys, k.data());
  return firsts(k, static_cast<std::size_t>(unit.dk));
}

std::string visible_rows(const attend_problem& p, std::int64_t sq, std::int64_t sk) {
  std::string picture;
  for (std::int64_t i = 0; i < sq; ++i) {
    const key_range seen = visible_keys(p, i, sq, sk);
    if (i > 0) picture += '/';
    for (std::int64_t j = 0; j < sk; ++j) picture += j >= seen.begin && j < seen.end ? '1' : '0';
  }
  return picture;
}

attend_problem masked(bool causal, std::int64_t left, std::int64_t right, std::int64_t chunk = 0) {
  attend_problem p;
  p.causal = causal;
  p.window_left = left;
  p.window_right = right;
  p.attention_chunk = chunk;
  return p;
}

// One sequence of `length` keys in a dense cache of four slots, d = dv = 8.
struct small_attend {
  attend_problem p;
  tensor_set inputs;
  explicit small_attend(std::int64_t length, const numbers& v) {
    p.d = p.dv = 8;
    p.capacity = 4;
    p.cache_seqlens = {length};
    inputs.set("q", rows_of(p.type, {1, 1, 1, 8}, {0}));
    inputs.set("k_cache", rows_of(p.type, {1, 4, 1, 8}, {1, 2, junk, junk}));
    inputs.set("v_cache", rows_of(p.type, {1, 4, 1, 8}, v));
    inputs.set("cache_seqlens", integers({1}, {static_cast<double>(length)}));
  }
};

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

BOOST_AUTO_TEST_SUITE(flash_decode_masks)

BOOST_AUTO_TEST_CASE(causal_is_aligned_to_the_bottom_right) {
  BOOST_TEST(visible_rows(masked(true, -1, -1), 2, 5) == "11110/11111");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 3, 3) == "100/110/111");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 5, 2) == "00/00/00/10/11");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 1, 4) == "1111");
}

BOOST_AUTO_TEST_CASE(windows_count_from_the_aligned_position) {
  BOOST_TEST(visible_rows(masked(false, 1, 0), 2, 5) == "00110/00011");
  BOOST_TEST(visible_rows(masked(false, -1, 1), 3, 4) == "1110/1111/1111");
  BOOST_TEST(visible_rows(masked(false, 0, -1), 2, 3) == "011/001");
  BOOST_TEST(visible_rows(masked(false, 0, 0), 3, 3) == "100/010/001");
  BOOST_TEST(visible_rows(masked(false, 0, 0), 3, 1) == "0/0/1");
}

BOOST_AUTO_TEST_CASE(causal_overrides_the_right_window_and_keeps_the_left) {
  BOOST_TEST(visible_rows(masked(true, 1, 3), 2, 5) == "00110/00011");
}

BOOST_AUTO_TEST_CASE(chunks_start_at_multiples_also_below_zero) {
  BOOST_TEST(visible_rows(masked(false, -1, -1, 2), 3, 5) == "00110/00110/00001");
  BOOST_TEST(visible_rows(masked(true, -1, -1, 2), 3, 5) == "00100/00110/00001");
  BOOST_TEST(visible_rows(masked(false, -1, -1, 3), 4, 2) == "00/00/11/11");
}

BOOST_AUTO_TEST_CASE(no_key_means_no_interval) {
  BOOST_TEST(visible_rows(masked(false, -1, -1), 2, 0) == "/");
  const key_range seen = visible_keys(masked(true, -1, -1), 0, 5, 2);
  BOOST_TEST(seen.begin == seen.end);
}

BOOST_AUTO_TEST_CASE(options_that_cannot_bind_are_dropped) {
  const auto simple = [](mask_options m, std::int64_t sq, std::int64_t capacity) {
    return simplify(m, sq, capacity);
  };
  BOOST_TEST(simple({false, 9, 2, 0}, 3, 10).window_left == -1);
  BOOST_TEST(simple({false, 8, 2, 0}, 3, 10).window_left == 8);
  BOOST_TEST(simple({false, 8, 2, 0}, 3, 10).window_right == -1);
  BOOST_TEST(simple({false, 8, 1, 0}, 3, 10).window_right == 1);
  BOOST_TEST(simple({true, -1, -1, 0}, 2, 10).window_right == 0);
  BOOST_TEST(!simple({true, -1, -1, 0}, 1, 10).causal);
  BOOST_TEST(simple({true, 3, -1, 0}, 1, 10).causal);
  BOOST_TEST(simple({true, -1, -1, 4}, 1, 10).causal);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(flash_decode_gather)

BOOST_AUTO_TEST_CASE(keys_come_from_the_sequences_row_behind_its_left_padding) {
  attend_problem p;
  p.b = 2;
  p.batch_cache = 3;
  p.has_batch_idx = true;
  p.d = p.dv = 8;
  p.capacity = 4;
  p.gap = 3;
  p.cache_seqlens = {4, 2};
  p.cache_leftpad = {1, 2};
  tensor_set inputs;
  inputs.set("q", rows_of(p.type, {2, 1, 1, 8}, {0, 0}, 3));
  inputs.set("k_cache", rows_of(p.type, {3, 4, 1, 8},
                                {junk, junk, junk, junk, junk, junk, junk, junk, junk, 1, 2, 3}, 3));
  inputs.set("v_cache", rows_of(p.type, {3, 4, 1, 8},
                                {junk, junk, junk, junk, junk, junk, junk, junk, junk, 4, 5, 6}, 3));
  inputs.set("cache_seqlens", integers({2}, {4, 2}));
  inputs.set("cache_leftpad", integers({2}, {1, 2}));
  inputs.set("cache_batch_idx", integers({2}, {2, 0}));

  const auto units = attend_units(p, inputs);

  BOOST_TEST((keys_of(units[0]) == numbers{1, 2, 3}));
  BOOST_TEST(units[1].keys == 0);
}

BOOST_AUTO_TEST_CASE(pages_are_followed_and_unused_entries_may_be_wild) {
  attend_problem p;
  p.b = p.batch_cache = 2;
  p.d = p.dv = 8;
  p.hk = p.hq = 2;
  p.page_size = 2;
  p.max_pages = 3;
  p.capacity = 6;
  p.num_pages = 4;
  p.cache_seqlens = {5, 3};
  p.cache_leftpad = {2, 0};
  const numbers slots = {10, 11, 20, 21, 30, 31, 40, 41};  // page, offset
  numbers rows;
  for (double slot : slots) rows.insert(rows.end(), {slot, slot + 100});  // second head
  tensor_set inputs;
  inputs.set("q", filled(p.type, {2, 1, 2, 8}, 0));
  inputs.set("k_cache", rows_of(p.type, {4, 2, 2, 8}, rows));
  inputs.set("v_cache", rows_of(p.type, {4, 2, 2, 8}, rows));
  inputs.set("cache_seqlens", integers({2}, {5, 3}));
  inputs.set("cache_leftpad", integers({2}, {2, 0}));
  inputs.set("page_table", integers({2, 3}, {-7, 3, 0, 2, 1, 2147483647}));

  const auto units = attend_units(p, inputs);

  BOOST_TEST((keys_of(units[0]) == numbers{40, 41, 10}));
  BOOST_TEST((keys_of(units[1]) == numbers{140, 141, 110}));
  BOOST_TEST((keys_of(units[2]) == numbers{30, 31, 20}));
  BOOST_TEST((keys_of(units[3]) == numbers{130, 131, 120}));
}

BOOST_AUTO_TEST_CASE(consecutive_query_heads_share_a_kv_head_and_rows_know_their_place) {
  attend_problem p;
  p.b = p.batch_cache = 2;
  p.sq = 2;
  p.hq = 4;
  p.hk = 2;
  p.d = p.dv = 8;
  p.capacity = 1;
  p.seqlens_q = {1, 2};
  p.cache_seqlens = {1, 1};
  tensor_set inputs;
  numbers q(12);
  std::iota(q.begin(), q.end(), 0.0);  // token * 4 + head
  inputs.set("q", rows_of(p.type, {3, 4, 8}, q));
  inputs.set("k_cache", filled(p.type, {2, 1, 2, 8}, 1));
  inputs.set("v_cache", filled(p.type, {2, 1, 2, 8}, 1));
  inputs.set("cache_seqlens", integers({2}, {1, 1}));
  inputs.set("cu_seqlens_q", cumulative_lengths({1, 2}));

  const auto units = attend_units(p, inputs);
  numbers rows(static_cast<std::size_t>(units[3].rows * units[3].dk));
  units[3].load_q(0, units[3].rows, rows.data());
  const row_place last = place_of(p, 3, 3);

  BOOST_TEST(units.size() == 4u);
  BOOST_TEST((firsts(rows, 8) == numbers{6, 7, 10, 11}));
  BOOST_TEST(name_of(last) == "sequence 1, query 1, head 3");
  BOOST_TEST(last.out_row == 11);
  BOOST_TEST(last.lse == 3 * 3 + 2);
}

BOOST_AUTO_TEST_CASE(qv_scores_v_behind_k) {
  attend_problem p;
  p.d = 8;
  p.dv = 256;
  p.has_qv = true;
  p.capacity = 2;
  p.cache_seqlens = {2};
  tensor_set inputs;
  inputs.set("q", filled(p.type, {1, 1, 1, 8}, 3));
  inputs.set("qv", filled(p.type, {1, 1, 1, 256}, 5));
  inputs.set("k_cache", rows_of(p.type, {1, 2, 1, 8}, {1, 2}));
  inputs.set("v_cache", rows_of(p.type, {1, 2, 1, 256}, {7, 9}));
  inputs.set("cache_seqlens", integers({1}, {2}));

  const attention_unit unit = attend_units(p, inputs)[0];
  numbers q(264), k(2 * 264);
  unit.load_q(0, 1, q.data());
  unit.load_k(0, 2, k.data());

  BOOST_TEST(unit.dk == 264);
  BOOST_TEST((numbers{q[0], q[7], q[8], q[263]} == numbers{3, 3, 5, 5}));
  BOOST_TEST((numbers{k[0], k[8], k[264], k[264 + 8], k[527]} == numbers{1, 7, 2, 9, 9}));
  BOOST_TEST(unit.score_scale == 1 / std::sqrt(264.0));
}

BOOST_AUTO_TEST_CASE(descales_belong_to_the_kv_head) {
  attend_problem p;
  p.type = dtype::e4m3;
  p.hq = p.hk = 2;
  p.d = p.dv = 16;
  p.capacity = 1;
  p.cache_seqlens = {1};
  p.softmax_scale = 0.5;
  tensor_set inputs;
  inputs.set("q", filled(p.type, {1, 1, 2, 16}, 1));
  inputs.set("k_cache", filled(p.type, {1, 1, 2, 16}, 1));
  inputs.set("v_cache", filled(p.type, {1, 1, 2, 16}, 1));
  inputs.set("cache_seqlens", integers({1}, {1}));
  inputs.set("q_descale", rows_of(dtype::f32, {2, 1}, {2, 4}));
  inputs.set("k_descale", rows_of(dtype::f32, {2, 1}, {8, 16}));
  inputs.set("v_descale", rows_of(dtype::f32, {2, 1}, {32, 64}));
  for (const char* name : {"q_descale", "k_descale", "v_descale"}) {
    tensor turned(dtype::f32, {1, 2});
    for (std::int64_t h = 0; h < 2; ++h) turned.set_value(h, inputs.at(name).value(h));
    inputs.set(name, turned);
  }

  const auto units = attend_units(p, inputs);

  BOOST_TEST(units[0].score_scale == 0.5 * 2 * 8);
  BOOST_TEST(units[1].score_scale == 0.5 * 4 * 16);
  BOOST_TEST(units[0].value_scale == 32);
  BOOST_TEST(units[1].value_scale == 64);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(flash_decode_attend)

BOOST_AUTO_TEST_CASE(equal_scores_give_the_mean_and_the_log_of_the_count) {
  const small_attend call(2, {3, 5, junk, junk});

  const auto truth = attend(call.p, call.inputs, {});

  BOOST_TEST((truth[0].out == numbers(8, 4)));
  BOOST_TEST(truth[0].lse[0] == std::log(2.0));
}

BOOST_AUTO_TEST_CASE(one_key_is_copied) {
  const small_attend call(1, {3, junk, junk, junk});

  const auto truth = attend(call.p, call.inputs, {});

  BOOST_TEST((truth[0].out == numbers(8, 3)));
  BOOST_TEST(truth[0].lse[0] == 0.0);
}

BOOST_AUTO_TEST_CASE(no_key_gives_zero_and_minus_infinity) {
  const small_attend call(0, {junk, junk, junk, junk});

  const auto truth = attend(call.p, call.inputs, {});

  BOOST_TEST((truth[0].out == numbers(8, 0)));
  BOOST_TEST(truth[0].lse[0] == -infinity);
}

BOOST_AUTO_TEST_SUITE_END()

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

BOOST_AUTO_TEST_SUITE(flash_decode_combine)

namespace {

struct small_combine {
  combine_problem p;
  tensor_set inputs;
  // One row a split: its number in both channels, and its lse.
  small_combine(const numbers& out, const numbers& lse) {
    p.num_splits = static_cast<std::int64_t>(out.size());
    p.dv = 2;
    inputs.set("out_partial", rows_of(dtype::f32, {p.num_splits, 1, 1, 1, 2}, out));
    tensor logs = lse_by_head({p.num_splits, 1, 1, 1});
    for (std::size_t s = 0; s < lse.size(); ++s) logs.set_value(static_cast<std::int64_t>(s), lse[s]);
    inputs.set("lse_partial", logs);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(equal_splits_are_averaged) {
  const small_combine call({2, 6}, {0, 0});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{4, 4}));
  BOOST_TEST((truth.lse == numbers{std::log(2.0)}));
}

BOOST_AUTO_TEST_CASE(empty_splits_do_not_touch_the_result_whatever_they_hold) {
  const small_combine call({junk, 6, infinity}, {-infinity, 3, -infinity});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{6, 6}));
  BOOST_TEST((truth.lse == numbers{3}));
}

BOOST_AUTO_TEST_CASE(all_empty_gives_zero_and_minus_infinity) {
  const small_combine call({junk, junk}, {-infinity, -infinity});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{0, 0}));
  BOOST_TEST((truth.lse == numbers{-infinity}));
}

BOOST_AUTO_TEST_CASE(one_split_is_copied) {
  const small_combine call({0.1}, {-7.25});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{static_cast<double>(0.1f), static_cast<double>(0.1f)}));
  BOOST_TEST((truth.lse == numbers{-7.25}));
}

BOOST_AUTO_TEST_CASE(large_logs_do_not_overflow) {
  const small_combine call({2, 6}, {3e38, 3e38});

  BOOST_TEST((combine(call.p, call.inputs).out == numbers{4, 4}));
}

BOOST_AUTO_TEST_CASE(logs_are_read_by_head_and_query) {
  small_combine call({0}, {0});
  call.p.sq = 2;
  call.p.hq = 3;
  call.inputs.set("out_partial", filled(dtype::f32, {1, 1, 2, 3, 2}, 1));
  tensor logs = lse_by_head({1, 1, 2, 3});
  for (std::int64_t at = 0; at < 6; ++at) logs.set_value(at, static_cast<double>(at));  // (head, query)
  call.inputs.set("lse_partial", logs);

  BOOST_TEST((combine(call.p, call.inputs).lse == numbers{0, 2, 4, 1, 3, 5}));
}

BOOST_AUTO_TEST_SUITE_END()
