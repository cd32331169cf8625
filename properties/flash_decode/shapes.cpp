#include "properties/flash_decode/shapes.hpp"

#include <algorithm>
#include <numeric>

#include "properties/flash_decode/cache_shape.hpp"
#include "properties/generate/far_rows.hpp"

namespace plumbline::generate {

using flash_decode::append_problem;
using flash_decode::attend_problem;
using flash_decode::combine_problem;

namespace {

constexpr std::int64_t most_elements = 300'000;  // of K and V together
constexpr std::int64_t most_outputs = 400'000;   // a row of the judge costs more than one of the kernel
constexpr std::int64_t most_split_tiles =
    1200;                               // sequences, KV heads and splits: each tile is a block to run
constexpr double below_f32 = 0x1p-153;  // a scale that a kernel's float cannot hold
constexpr double natural_log_of_2 = 0x1.62e42fefa39efp-1;

std::int64_t draw_splits(draws& draw) {
  switch (draw.weighted({{14, 0}, {14, 1}, {42, 2}, {16, 3}, {8, 4}, {6, 5}})) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return draw.between(2, 9);
    case 3:
      return draw.between(10, 64);
    case 4:
      return draw.between(65, 256);
    default:
      return 256;
  }
}

std::int64_t draw_query_tokens(draws& draw) {
  const std::int64_t sq = draw.weighted({{40, 1}, {10, 2}, {8, 3}, {12, 4}, {20, -1}, {10, -2}});
  return sq > 0 ? sq : sq == -1 ? draw.between(5, 16) : draw.between(17, 70);
}

// Tokens of each sequence when they are packed: 0..most, the largest of them `most`.
std::vector<std::int64_t> draw_packed(draws& draw, std::int64_t b, std::int64_t most) {
  std::vector<std::int64_t> tokens;
  for (std::int64_t n = 0; n < b; ++n) tokens.push_back(draw.chance(15) ? 0 : draw.between(0, most));
  tokens[static_cast<std::size_t>(draw.between(0, b - 1))] = most;
  return tokens;
}

std::int64_t draw_window(draws& draw, std::int64_t longest) {
  constexpr std::int64_t unlimited[] = {INT32_MAX, INT32_MAX - 1, INT32_MAX / 2};  // as callers write it
  switch (draw.weighted({{2, 0}, {2, 1}, {2, 2}, {3, 3}, {1, 4}})) {
    case 4:
      return unlimited[draw.between(0, 2)];
    case 0:
      return draw.between(0, 2);
    case 1: {
      const std::int64_t whole = 64 * draw.between(1, 3);
      return whole + draw.between(-1, 1);
    }
    case 2:
      return draw.between(0, std::max<std::int64_t>(longest, 1));
    default:
      return std::max<std::int64_t>(0, longest + draw.between(-2, 2));
  }
}

template <class Problem>
void draw_masks(draws& draw, std::int64_t longest, Problem& p) {
  p.causal = draw.chance(45);
  if (draw.chance(18)) p.window_left = draw_window(draw, longest);
  if (draw.chance(12)) p.window_right = draw_window(draw, longest);
  if (draw.chance(9)) p.attention_chunk = draw.one_of({1, 2, 3, 5, 16, 63, 64, 65, 100, 256, 8192});
}

// A left window and nothing to the right: the one mask whose edge lies in a tile that no other mask cuts.
void open_the_right(draws draw, std::int64_t longest, attend_problem& p) {
  if (!draw.chance(9) || p.sq == 1 || p.attention_chunk > 0) return;
  p.causal = false, p.window_right = -1;
  p.window_left = draw.between(0, std::max<std::int64_t>(longest - 2, 0));
}

bool sees_a_key(const attend_problem& p) {
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t sq = flash_decode::query_tokens(p, n), sk = flash_decode::cached_keys(p, n);
    for (std::int64_t i = 0; i < sq; ++i) {
      const auto visible = flash_decode::visible_keys(p, i, sq, sk);
      if (visible.begin < visible.end) return true;
    }
  }
  return false;
}

// A case in which no query sees a key proves nothing: masks give way, then an empty sequence gets a key.
void show_some_keys(attend_problem& p) {
  if (sees_a_key(p)) return;
  p.attention_chunk = 0;
  p.window_left = p.window_right = -1;
  if (sees_a_key(p)) return;
  for (std::int64_t n = 0; n < p.b; ++n) {
    if (flash_decode::query_tokens(p, n) == 0) continue;
    const std::size_t at = static_cast<std::size_t>(n);
    p.cache_seqlens[at] = flash_decode::left_padding(p, n) + 1;
    if (p.page_size == 0) p.capacity = std::max(p.capacity, p.cache_seqlens[at]);
    if (p.page_size > 0) {
      p.max_pages = std::max(p.max_pages, p.cache_seqlens[at] / p.page_size + 1);
      p.capacity = p.max_pages * p.page_size;
      p.num_pages += p.max_pages;
    }
    return;
  }
}

std::int64_t longest_of(const flash_decode::cache_shape& s) {
  return *std::max_element(s.cache_seqlens.begin(), s.cache_seqlens.end());
}

std::int64_t key_limit(std::int64_t cost, std::int64_t rows, const flash_decode::cache_shape& s) {
  const std::int64_t width = s.d + s.dv;
  return std::max<std::int64_t>(
      8, std::min(cost / (std::max<std::int64_t>(rows, 1) * width), most_elements / (s.hk * width)));
}

// Rows of the caches beyond 2^31 elements, where they are few.
void spread_rows(draws draw, attend_problem& p) {
  const std::int64_t rows = (p.page_size > 0 ? p.num_pages * p.page_size : p.batch_cache * p.capacity) * p.hk;
  if (!draw.chance(8) || rows < least_far_rows || rows > most_far_rows) return;
  constexpr std::int64_t most = std::int64_t{1} << 33;  // elements that a tensor may span
  const std::int64_t gap = far_gap(rows, draw.chance(70) ? 16 : 1);
  if (gap * std::max(rows, p.b * p.sq * p.hq) <= most) p.gap = gap;
}

}  // namespace

regime draw_regime(std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "regime");
  std::int64_t at = draw.weighted({{7, 0},
                                   {14, 1},
                                   {8, 2},
                                   {8, 3},
                                   {8, 4},
                                   {8, 5},
                                   {5, 6},
                                   {8, 7},
                                   {10, 8},
                                   {10, 9},
                                   {6, 10},
                                   {8, 11},
                                   {6, 12},
                                   {6, 13}});
  return static_cast<regime>(at);
}

attend_problem draw_attend(dtype in, dtype out, regime how, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "attend");
  attend_problem p;
  p.type = in;
  p.out_type = out;
  draw_heads(draw, in, p);
  p.sq = draw_query_tokens(draw);
  const std::int64_t cost = draw_cost(draw);
  while (p.sq > 1 && (p.hq * p.sq * (p.d + p.dv) * 16 > cost || p.b * p.hq * p.sq * p.dv > most_outputs))
    p.sq = (p.sq + 1) / 2;
  p.num_splits = std::min(draw_splits(draw), std::max<std::int64_t>(9, most_split_tiles / (p.b * p.hk)));
  p.page_size = draw_page_size(draw);
  draw_far_pages(draw, p);
  draw_lengths(draw, key_limit(cost, p.hq * p.sq, p), p.num_splits, p.sq, p);
  const std::int64_t longest = longest_of(p);
  draw_layout(draw, {}, p);
  if (draw.chance(22)) p.seqlens_q = draw_packed(draw, p.b, p.sq);
  draw_masks(draw, longest, p);
  open_the_right(draws(seed, index, "left edge of attend"), longest, p);
  if (how == regime::powers_of_two) {
    p.softmax_scale = natural_log_of_2;
  } else {
    if (draw.chance(20)) p.softmax_scale = static_cast<double>(draw.between(1, 64)) / 128;
    if ((how == regime::normal || how == regime::flat) && draw.chance(8)) p.softmax_scale = below_f32;
    if (draw.chance(12)) p.softcap = static_cast<double>(draw.one_of({1, 4, 10, 30, 60, 100})) / 2;
  }
  show_some_keys(p);
  if (in != dtype::e4m3 && p.d <= 64 && p.dv >= 256 && draw.chance(30)) p.has_qv = true;
  p.has_sink = draw.chance(1);
  spread_rows(draws(seed, index, "far rows of attend"), p);
  return p;
}

append_problem draw_append(dtype in, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "append");
  append_problem p;
  p.type = in;
  draw_heads(draw, in, p);
  p.page_size = draw_page_size(draw);
  draw_far_pages(draw, p);
  p.sn = draw_query_tokens(draw);
  const std::int64_t keys = std::min<std::int64_t>(600, most_elements / 2 / (p.hk * (p.d + p.dv)));
  draw_lengths(draw, keys, 1, p.sn, p);
  const std::int64_t longest = longest_of(p) + p.sn;
  if (draw.chance(25)) p.seqlens_new = draw_packed(draw, p.b, p.sn);
  std::vector<std::int64_t> room = p.seqlens_new;
  if (room.empty()) room.assign(static_cast<std::size_t>(p.b), p.sn);
  draw_layout(draw, room, p);
  if (p.d >= 16 && draw.chance(70)) {
    p.rotary_dim = 16 * draw.between(1, p.d / 16);
    if (draw.chance(50)) p.rotary_dim = p.d / 16 * 16;
    p.rotary_interleaved = draw.chance(50);
    p.sq = draw.chance(80) ? std::min(draw_query_tokens(draw), p.capacity) : 0;
    if (p.sq > 0 && draw.chance(20)) p.seqlens_q = draw_packed(draw, p.b, p.sq);
    draw_masks(draw, longest, p);
    std::int64_t last = 0;
    const bool own_positions = draw.chance(25);
    for (std::int64_t n = 0; n < p.b; ++n) {
      if (own_positions) p.rotary_seqlens.push_back(draw.between(0, longest + 8));
      const std::int64_t first =
          own_positions ? p.rotary_seqlens.back() : p.cache_seqlens[static_cast<std::size_t>(n)];
      last = std::max(last, first + std::max(p.sn, p.sq));
    }
    if (p.sq > 0 && draw.chance(10)) p.sn = 0, p.seqlens_new.clear();  // q alone is rotated
    p.seqlen_rotary = std::max(last + draw.one_of({0, 0, 1, 9}), p.page_size > 0 ? p.capacity : 0);
  }
  return p;
}

combine_problem draw_combine(dtype out, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "combine");
  combine_problem p;
  p.out_type = out;
  p.dv = draw.weighted({{5, 64}, {5, 128}, {3, 96}, {3, 256}, {2, 512}, {5, 0}, {4, -1}});
  if (p.dv == 0) p.dv = 4 * draw.between(1, 64);
  if (p.dv == -1) p.dv = draw.between(1, 130);
  p.b = draw.between(1, 4);
  p.hq = draw.one_of({1, 2, 3, 4, 6, 8, 16});
  p.sq = draw.weighted({{5, 1}, {2, 2}, {2, 3}, {2, 32}, {1, 113}, {3, 0}});
  if (p.sq == 0) p.sq = draw.between(4, 70);
  p.num_splits = draw.weighted(
      {{4, 1}, {3, 2}, {3, 3}, {3, 5}, {3, 17}, {2, 32}, {2, 55}, {2, 97}, {2, 133}, {2, 256}, {5, 0}});
  if (p.num_splits == 0) p.num_splits = draw.between(4, 255);
  while (p.num_splits * p.b * p.hq * p.sq * p.dv > most_elements / 2 && p.sq > 1) p.sq = (p.sq + 1) / 2;
  while (p.num_splits * p.b * p.hq * p.sq * p.dv > most_elements / 2 && p.hq > 1) p.hq = (p.hq + 1) / 2;
  p.empty_percent = draw.weighted({{4, 0}, {3, 10}, {3, 50}, {2, 90}, {1, 99}});
  if (draw.chance(30)) p.gap = draw.chance(60) ? 4 * draw.between(1, 4) : draw.between(1, 7);
  return p;
}

}  // namespace plumbline::generate
