// attend on data small enough to check by hand: which keys a unit reads, and closed forms of the result.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include "tests/flash_decode_data.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;
using namespace plumbline::flash_decode::by_hand;

namespace {

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

}  // namespace

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
