// The split heuristics against numbers that the compiled upstream functions returned.
//
// Three tables: arguments in upstream's order, then the result.  The first holds the worked examples of our
// specification too; rows on a tie (0.85 of the best efficiency) tell a double comparison from a float one.
#include <boost/test/unit_test.hpp>

#include "reference/core/random.hpp"
#include "reference/flash_decode_problem.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;

namespace {

struct row {
  std::int64_t argument[7], splits;
};

// total_mblocks, num_sms, num_n_blocks, num_m_blocks, size_one_kv_head, is_causal_or_local, max_splits
constexpr row current[] = {
    {{8, 132, 128, 1, 1048576, 0, 128}, 15},        {{8, 132, 32, 1, 1048576, 0, 128}, 14},
    {{48, 108, 64, 1, 1048576, 0, 128}, 2},         {{66, 132, 64, 1, 1048576, 0, 128}, 2},
    {{105, 132, 64, 1, 1048576, 0, 128}, 5},        {{106, 132, 64, 1, 1048576, 0, 128}, 1},
    {{32, 132, 256, 1, 1048576, 0, 128}, 4},        {{1, 132, 4, 1, 1048576, 0, 128}, 1},
    {{1, 132, 5, 1, 1048576, 0, 128}, 5},           {{1, 144, 120, 1, 1048576, 0, 128}, 103},
    {{8, 132, 128, 1, 1048576, 0, 128}, 15},        {{8, 132, 32, 1, 1048576, 0, 128}, 14},
    {{66, 132, 64, 1, 1048576, 0, 128}, 2},         {{105, 132, 64, 1, 1048576, 0, 128}, 5},
    {{32, 132, 256, 1, 1048576, 0, 128}, 4},        {{1, 132, 4, 1, 1048576, 0, 128}, 1},
    {{1, 132, 5, 1, 1048576, 0, 128}, 5},           {{4, 114, 128, 1, 1048576, 1, 128}, 25},
    {{1, 114, 128, 1, 1048576, 1, 128}, 97},        {{48, 60, 64, 1, 1048576, 0, 128}, 1},
    {{2, 60, 20, 1, 1048576, 0, 128}, 18},          {{1, 78, 40, 1, 1048576, 0, 128}, 35},
    {{2, 78, 20, 1, 1048576, 0, 128}, 18},          {{1, 84, 60, 1, 1048576, 0, 128}, 52},
    {{51, 100, 128, 1, 1048576, 0, 128}, 7},        {{1, 120, 80, 1, 1048576, 0, 128}, 69},
    {{1, 132, 100, 1, 1048576, 0, 128}, 86},        {{3, 132, 40, 1, 1048576, 0, 128}, 35},
    {{1, 144, 120, 1, 1048576, 0, 128}, 103},       {{3, 132, 317, 1, 52428801, 0, 128}, 38},
    {{1, 132, 337, 1, 65536, 0, 128}, 109},         {{32, 108, 353, 216, 125829120, 0, 128}, 3},
    {{2, 132, 278, 1, 65536, 0, 128}, 57},          {{77, 132, 5, 263, 4194304, 0, 128}, 3},
    {{96, 132, 64, 2, 4194304, 1, 128}, 4},         {{45, 84, 7, 600, 4194304, 1, 128}, 3},
    {{16, 108, 302, 215, 65536, 0, 128}, 6},        {{148, 132, 32, 264, 629145600, 0, 128}, 12},
    {{4, 114, 278, 600, 62914560, 0, 128}, 25},     {{19, 132, 286, 264, 52428800, 0, 128}, 6},
    {{2, 132, 220, 5, 1992294400, 1, 128}, 57},     {{2, 78, 129, 155, 629145600, 0, 128}, 34},
    {{3, 148, 281, 296, 52428800, 0, 128}, 42},     {{2, 148, 30, 2, 125829120, 0, 128}, 26},
    {{2, 108, 134, 5, 65536, 0, 128}, 46},          {{3, 148, 366, 296, 4194304, 1, 128}, 42},
    {{17, 114, 216, 227, 52428800, 1, 128}, 6},     {{16, 132, 388, 1, 65536, 1, 128}, 8},
    {{107, 114, 302, 228, 629145600, 0, 128}, 12},  {{11, 114, 373, 228, 629145600, 1, 128}, 9},
    {{2, 132, 269, 5, 629145600, 1, 128}, 57},      {{15, 144, 1000, 1, 62914560, 1, 128}, 9},
    {{3, 108, 260, 5, 125829120, 0, 128}, 31},      {{4, 132, 362, 1, 1992294400, 1, 128}, 29},
    {{1, 132, 360, 600, 52428801, 1, 128}, 109},    {{4, 144, 338, 1, 62914560, 0, 128}, 31},
    {{474, 132, 129, 600, 1992294400, 0, 128}, 38}, {{6, 108, 64, 216, 4194304, 0, 128}, 16},
};

// batch_nheads_mblocks, batch_nheads, num_sms, num_n_blocks, max_splits, head_size, use_one_mma_wg
constexpr row pull_request_1236[] = {
    {{4, 4, 114, 128, 128, 128, 1}, 20},  {{1, 1, 108, 50, 128, 128, 0}, 21},
    {{6, 3, 114, 64, 128, 256, 0}, 16},   {{3, 3, 132, 32, 128, 64, 0}, 20},
    {{16, 16, 108, 128, 128, 128, 0}, 6}, {{1, 1, 132, 16, 128, 64, 1}, 7},
    {{1, 1, 114, 8, 128, 64, 1}, 1},      {{1, 1, 108, 9, 128, 64, 0}, 4},
    {{1, 1, 108, 64, 128, 64, 1}, 26},    {{2, 1, 108, 93, 128, 96, 0}, 44},
    {{4, 4, 108, 8, 128, 128, 0}, 6},     {{3, 1, 108, 50, 128, 256, 0}, 29},
    {{3, 1, 108, 16, 128, 128, 1}, 13},   {{1, 1, 114, 187, 128, 96, 1}, 46},
    {{12, 4, 132, 64, 128, 128, 1}, 9},   {{3, 1, 108, 40, 128, 64, 0}, 29},
    {{48, 16, 108, 187, 128, 64, 1}, 2},  {{8, 4, 114, 187, 128, 128, 1}, 12},
    {{2, 2, 114, 50, 128, 64, 1}, 26},    {{8, 8, 132, 256, 128, 128, 0}, 14},
    {{9, 3, 114, 10, 128, 64, 0}, 9},     {{3, 3, 108, 40, 128, 256, 0}, 22},
    {{9, 3, 132, 9, 128, 96, 0}, 8},      {{3, 3, 108, 40, 128, 256, 1}, 22},
    {{6, 2, 132, 24, 128, 256, 0}, 18},   {{8, 8, 132, 187, 128, 128, 0}, 14},
    {{1, 1, 108, 187, 128, 128, 0}, 44},  {{8, 8, 108, 50, 128, 64, 1}, 11},
    {{4, 2, 132, 128, 128, 128, 0}, 27},  {{64, 32, 108, 187, 128, 96, 0}, 3},
    {{2, 2, 114, 8, 128, 96, 0}, 5},      {{2, 1, 114, 256, 128, 256, 0}, 46},
    {{1, 1, 114, 24, 128, 128, 1}, 10},   {{4, 4, 132, 64, 128, 64, 1}, 24},
    {{32, 32, 114, 93, 128, 256, 1}, 3},  {{4, 4, 132, 24, 128, 256, 0}, 17},
    {{9, 3, 108, 187, 128, 256, 1}, 10},  {{4, 4, 108, 32, 128, 64, 1}, 19},
    {{3, 1, 132, 187, 128, 256, 0}, 36},  {{1, 1, 114, 187, 128, 64, 0}, 46},
    {{12, 4, 108, 10, 128, 128, 1}, 8},   {{1, 1, 114, 8, 128, 256, 0}, 4},
    {{1, 1, 132, 40, 128, 256, 0}, 17},   {{12, 4, 132, 8, 128, 128, 0}, 7},
    {{32, 32, 132, 10, 128, 64, 1}, 4},   {{96, 32, 108, 10, 128, 128, 1}, 1},
    {{96, 32, 132, 8, 128, 128, 1}, 1},   {{9, 3, 108, 8, 128, 128, 1}, 1},
    {{8, 8, 132, 50, 128, 256, 1}, 14},   {{9, 3, 132, 8, 128, 64, 1}, 1},
    {{1, 1, 114, 9, 128, 96, 0}, 4},      {{1, 1, 132, 8, 128, 64, 1}, 1},
    {{4, 4, 132, 8, 128, 64, 1}, 1},      {{1, 1, 132, 256, 128, 256, 0}, 52},
    {{96, 32, 108, 8, 128, 128, 0}, 1},   {{6, 3, 132, 8, 128, 128, 0}, 7},
};

struct range_row {
  // block_m, block_n, causal, local, packed, sq, sk, group, m_block, split, num_splits, left, right, chunk
  std::int64_t argument[14], begin, end;
};
constexpr range_row ranges[] = {
    {{192, 128, 0, 1, 0, 64, 128, 1, 0, 0, 1, 3, 0, 64}, 0, 1},
    {{192, 128, 0, 0, 0, 16, 3577, 1, 0, 9, 22, 0, 0, 0}, 18, 20},
    {{128, 176, 0, 0, 0, 4, 65, 1, 0, 0, 4, 0, 0, 0}, 0, 1},
    {{128, 128, 0, 0, 1, 3, 63, 16, 0, 0, 1, 0, 0, 0}, 0, 1},
    {{64, 64, 1, 0, 1, 64, 2048, 3, 1, 1, 128, 0, 0, 0}, 1, 2},
    {{64, 64, 0, 0, 1, 1, 500, 8, 0, 0, 4, 0, 0, 0}, 0, 2},
    {{192, 128, 1, 0, 1, 7, 5, 16, 0, 0, 2, 0, 0, 0}, 0, 1},
    {{128, 80, 0, 0, 1, 2, 1000, 2, 0, 0, 2, 0, 0, 0}, 0, 7},
    {{128, 128, 0, 0, 1, 64, 2048, 4, 1, 0, 1, 0, 0, 0}, 0, 16},
    {{128, 80, 1, 0, 0, 64, 3577, 1, 0, 5, 128, 0, 0, 0}, 5, 6},
    {{128, 176, 0, 0, 1, 7, 3577, 16, 0, 0, 128, 0, 0, 0}, 0, 1},
    {{64, 64, 1, 0, 1, 16, 500, 16, 2, 0, 3, 0, 0, 0}, 0, 3},
    {{192, 128, 1, 0, 1, 3, 65, 16, 0, 0, 2, 0, 0, 0}, 0, 1},
    {{128, 128, 1, 0, 1, 1, 2048, 3, 0, 1, 2, 0, 0, 0}, 8, 16},
    {{192, 128, 0, 1, 1, 300, 128, 2, 2, 0, 1, 3, 2, 64}, 0, 1},
    {{128, 80, 0, 0, 0, 64, 1, 1, 0, 0, 4, 0, 0, 0}, 0, 1},
    {{128, 80, 0, 0, 1, 3, 1000, 2, 0, 1, 2, 0, 0, 0}, 7, 13},
    {{128, 128, 1, 0, 1, 2, 5, 2, 0, 0, 4, 0, 0, 0}, 0, 1},
    {{64, 64, 1, 0, 1, 7, 128, 1, 0, 0, 1, 0, 0, 0}, 0, 2},
    {{64, 64, 1, 0, 1, 130, 3577, 4, 5, 3, 4, 0, 0, 0}, 42, 56},
    {{192, 128, 0, 0, 1, 300, 2048, 1, 1, 15, 256, 0, 0, 0}, 15, 16},
    {{128, 176, 0, 0, 1, 2, 2048, 4, 0, 2, 4, 0, 0, 0}, 6, 9},
    {{64, 64, 0, 1, 1, 64, 1, 1, 0, 0, 2, 3, 30, 64}, 0, 1},
    {{64, 64, 1, 0, 0, 1, 5, 1, 0, 0, 2, 0, 0, 0}, 0, 1},
    {{128, 80, 0, 0, 1, 64, 1000, 8, 2, 5, 22, 0, 0, 0}, 5, 6},
    {{128, 128, 0, 0, 0, 2, 63, 1, 0, 0, 1, 0, 0, 0}, 0, 1},
    {{128, 80, 1, 0, 0, 3, 127, 1, 0, 1, 2, 0, 0, 0}, 1, 2},
    {{128, 80, 0, 0, 0, 4, 64, 1, 0, 0, 22, 0, 0, 0}, 0, 1},
    {{128, 176, 0, 0, 0, 3, 3577, 1, 0, 0, 128, 0, 0, 0}, 0, 1},
    {{128, 80, 1, 0, 1, 2, 2048, 4, 0, 0, 2, 0, 0, 0}, 0, 13},
    {{128, 128, 1, 0, 1, 3, 1000, 8, 0, 4, 256, 0, 0, 0}, 4, 5},
    {{128, 128, 0, 0, 0, 16, 1000, 1, 0, 2, 7, 0, 0, 0}, 4, 6},
    {{128, 128, 0, 0, 0, 16, 129, 1, 0, 0, 4, 0, 0, 0}, 0, 1},
    {{192, 128, 0, 1, 1, 300, 127, 3, 4, 0, 1, 126, 30, 0}, 0, 1},
    {{64, 64, 0, 0, 0, 7, 1000, 1, 0, 15, 22, 0, 0, 0}, 15, 16},
    {{128, 128, 0, 0, 1, 1, 1, 4, 0, 0, 1, 0, 0, 0}, 0, 1},
};

split_tile tile_of(const range_row& r) {
  const std::int64_t* a = r.argument;
  split_tile t;
  t.block_m = a[0];
  t.block_n = a[1];
  t.packed = a[4] != 0;
  t.group = a[7];
  t.m_block = a[8];
  t.split = a[9];
  t.num_splits = a[10];
  if (a[2] != 0) t.mask = {true, -1, -1, 0};
  if (a[3] != 0) t.mask = {false, a[11], a[12], a[13]};
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(split_heuristics)

BOOST_AUTO_TEST_CASE(the_current_rule_gives_the_recorded_splits) {
  for (const row& r : current) {
    const std::int64_t* a = r.argument;
    BOOST_TEST(num_splits_heuristic(a[0], a[1], a[2], a[3], a[4], a[5] != 0, a[6]) == r.splits);
  }
}

BOOST_AUTO_TEST_CASE(the_rule_of_pull_request_1236_gives_the_recorded_splits) {
  for (const row& r : pull_request_1236) {
    const std::int64_t* a = r.argument;
    BOOST_TEST(num_splits_heuristic_pr1236(a[0], a[1], a[2], a[3], a[4], a[5], a[6] != 0) == r.splits);
  }
}

BOOST_AUTO_TEST_CASE(head_dim_256_splits_less_willingly_up_to_40_blocks) {
  BOOST_TEST(num_splits_heuristic_pr1236(38, 38, 132, 40, 128, 256, false) == 1);
  BOOST_TEST(num_splits_heuristic_pr1236(38, 38, 132, 41, 128, 256, false) > 1);
}

BOOST_AUTO_TEST_CASE(nothing_to_do_is_one_split) {
  BOOST_TEST(num_splits_heuristic(0, 132, 128, 1, 0, false, 128) == 1);
  BOOST_TEST(num_splits_heuristic(1, 132, 0, 1, 0, false, 128) == 1);
  BOOST_TEST(num_splits_heuristic_pr1236(0, 0, 132, 128, 128, 128, true) == 1);
}

BOOST_AUTO_TEST_CASE(split_ranges_are_the_recorded_ones) {
  for (const range_row& r : ranges) {
    const key_range found = split_block_range(tile_of(r), r.argument[5], r.argument[6]);

    BOOST_TEST(found.begin == r.begin);
    BOOST_TEST(found.end == r.end);
  }
}

BOOST_AUTO_TEST_CASE(the_splits_of_a_tile_read_every_visible_key_exactly_once) {
  random_stream random(13, "tiles");
  for (int n = 0; n < 3000; ++n) {
    split_tile t;
    t.block_m = random.integer(1, 8);
    t.block_n = random.integer(1, 4);
    t.packed = random.chance(0.5);
    t.group = random.integer(1, 4);
    t.num_splits = random.integer(1, 9);
    t.mask = {random.chance(0.3), random.integer(-1, 4), random.integer(-1, 4), random.integer(0, 4)};
    if (t.mask.causal) t.mask.window_right = 0;
    attend_problem p;
    p.causal = t.mask.causal;
    p.window_left = t.mask.window_left;
    p.window_right = t.mask.window_right;
    p.attention_chunk = t.mask.attention_chunk;
    const std::int64_t sq = random.integer(1, 6), sk = random.integer(0, 20);
    const std::int64_t rows = t.packed ? sq * t.group : sq;
    for (std::int64_t r = 0; r < rows; ++r) {
      t.m_block = r / t.block_m;
      const key_range visible = visible_keys(p, t.packed ? r / t.group : r, sq, sk);
      for (std::int64_t key = visible.begin; key < visible.end; ++key) {
        int times = 0;
        for (t.split = 0; t.split < t.num_splits; ++t.split) {
          const key_range blocks = split_block_range(t, sq, sk);
          times += key / t.block_n >= blocks.begin && key / t.block_n < blocks.end;
        }
        BOOST_TEST_REQUIRE(times == 1);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(more_splits_than_blocks_leaves_the_rest_empty) {
  split_tile t;
  t.block_n = 64;
  t.num_splits = 4;
  const std::int64_t begins[] = {0, 2, 4}, ends[] = {2, 4, 5};
  for (t.split = 0; t.split < 3; ++t.split) {
    const key_range r = split_block_range(t, 1, 5 * 64);
    BOOST_TEST(r.begin == begins[t.split]);
    BOOST_TEST(r.end == ends[t.split]);
  }
  const key_range last = split_block_range(t, 1, 5 * 64);
  BOOST_TEST(last.begin >= last.end);
}

BOOST_AUTO_TEST_SUITE_END()
