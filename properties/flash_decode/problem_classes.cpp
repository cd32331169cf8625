#include "properties/flash_decode/problem_classes.hpp"

#include <algorithm>

#include "properties/flash_decode/shapes.hpp"
#include "properties/generate/far_rows.hpp"

namespace plumbline::generate {

using flash_decode::append_problem;
using flash_decode::attend_problem;
using flash_decode::cache_shape;
using flash_decode::combine_problem;

namespace {

template <class Predicate>
bool any_sequence(const cache_shape& s, Predicate holds) {
  for (std::int64_t n = 0; n < s.b; ++n)
    if (holds(n, flash_decode::cached_keys(s, n))) return true;
  return false;
}

bool beside(std::int64_t length, std::int64_t unit) {
  return length > 0 && unit > 1 && (length % unit == 0 || length % unit == 1 || length % unit == unit - 1);
}

bool at_tile_edge(const cache_shape& s) {
  return any_sequence(s, [](std::int64_t, std::int64_t sk) {
    return std::any_of(std::begin(tile_edges), std::end(tile_edges),
                       [&](std::int64_t t) { return sk + 1 >= t && beside(sk, t); });
  });
}

std::int64_t blocks(const cache_shape& s) {
  std::int64_t longest = 0;
  for (std::int64_t n = 0; n < s.b; ++n) longest = std::max(longest, flash_decode::cached_keys(s, n));
  return (longest + 63) / 64;
}

// Classes of the cache, for either problem.
template <class P>
constexpr problem_class<P> cache_rows[] = {
    {"dense", 0.15, [](const P& p) { return p.page_size == 0; }},
    {"paged", 0.2, [](const P& p) { return p.page_size > 0; }},
    {"page_size_1_to_3", 0.06, [](const P& p) { return p.page_size >= 1 && p.page_size <= 3; }},
    {"page_size_16_to_256", 0.1, [](const P& p) { return p.page_size >= 16; }},
    {"page_edge", 0.05,
     [](const P& p) {
       return p.page_size > 1 &&
              any_sequence(p, [&](std::int64_t, std::int64_t sk) { return beside(sk, p.page_size); });
     }},
    {"shared_pages", 0.03, [](const P& p) { return p.shared_pages; }},
    {"batch_idx", 0.08, [](const P& p) { return p.has_batch_idx; }},
    {"leftpad", 0.06, [](const P& p) { return !p.cache_leftpad.empty(); }},
    {"gap", 0.06, [](const P& p) { return p.gap > 0; }},
    {"unaligned_rows", 0.04,
     [](const P& p) { return p.gap * static_cast<std::int64_t>(size_of(p.type)) % 16 != 0; }},
    {"pages_above_65536", 0, [](const P& p) { return p.num_pages > 65536; }},
    {"empty_cache", 0.04,
     [](const P& p) { return any_sequence(p, [](std::int64_t, std::int64_t sk) { return sk == 0; }); }},
    {"length_1_to_3", 0.06,
     [](const P& p) {
       return any_sequence(p, [](std::int64_t, std::int64_t sk) { return sk >= 1 && sk <= 3; });
     }},
    {"tile_edge", 0.15, [](const P& p) { return at_tile_edge(p); }},
    {"ragged", 0.2,
     [](const P& p) {
       return any_sequence(
           p, [&](std::int64_t, std::int64_t sk) { return sk != flash_decode::cached_keys(p, 0); });
     }},
    {"batch_5_or_more", 0.06, [](const P& p) { return p.b >= 5; }},
    {"gqa_1", 0.05, [](const P& p) { return p.hq == p.hk; }},
    {"gqa_odd", 0.1, [](const P& p) { return p.hq != p.hk && p.hq / p.hk % 2 == 1; }},
    {"gqa_8_or_16", 0.07, [](const P& p) { return p.hq / p.hk >= 8; }},
    {"several_kv_heads", 0.12, [](const P& p) { return p.hk > 1; }},
    {"head_dim_common", 0.2,
     [](const P& p) { return p.d == 64 || p.d == 96 || p.d == 128 || p.d == 192 || p.d == 256; }},
    {"head_dim_other", 0.08,
     [](const P& p) { return p.d != 64 && p.d != 96 && p.d != 128 && p.d != 192 && p.d != 256; }},
    {"head_dim_v_differs", 0.04, [](const P& p) { return p.dv != p.d; }},
};

constexpr problem_class<attend_problem> attend_rows[] = {
    {"one_query", 0.12, [](const attend_problem& p) { return p.sq == 1; }},
    {"queries_5_or_more", 0.05, [](const attend_problem& p) { return p.sq >= 5; }},
    {"more_queries_than_keys", 0.08,
     [](const attend_problem& p) {
       return any_sequence(
           p, [&](std::int64_t n, std::int64_t sk) { return flash_decode::query_tokens(p, n) > sk; });
     }},
    {"packed_q", 0.06, [](const attend_problem& p) { return !p.seqlens_q.empty(); }},
    {"causal", 0.15, [](const attend_problem& p) { return p.causal; }},
    {"window", 0.08,
     [](const attend_problem& p) { return p.window_left >= 0 || (!p.causal && p.window_right >= 0); }},
    {"left_edge", 0.02,
     [](const attend_problem& p) {
       return p.window_left >= 0 && !p.causal && p.window_right < 0 &&
              any_sequence(p, [&](std::int64_t n, std::int64_t sk) {
                const std::int64_t sq = flash_decode::query_tokens(p, n);
                return sq > 1 && sk > 0 && flash_decode::visible_keys(p, sq - 1, sq, sk).begin > 0;
              });
     }},
    {"window_unlimited", 0,
     [](const attend_problem& p) { return std::max(p.window_left, p.window_right) >= INT32_MAX / 2; }},
    {"chunk", 0.02, [](const attend_problem& p) { return p.attention_chunk > 0; }},
    {"softcap", 0.03, [](const attend_problem& p) { return p.softcap > 0; }},
    {"own_scale", 0.06, [](const attend_problem& p) { return p.softmax_scale != 0; }},
    {"scale_underflows", 0,
     [](const attend_problem& p) { return p.softmax_scale > 0 && p.softmax_scale < 0x1p-149; }},
    {"splits_heuristic", 0.04, [](const attend_problem& p) { return p.num_splits == 0; }},
    {"splits_1", 0.04, [](const attend_problem& p) { return p.num_splits == 1; }},
    {"splits_2_or_more", 0.2, [](const attend_problem& p) { return p.num_splits > 1; }},
    {"splits_65_to_256", 0.04, [](const attend_problem& p) { return p.num_splits > 64; }},
    {"more_splits_than_blocks", 0.12, [](const attend_problem& p) { return p.num_splits > blocks(p); }},
    {"several_blocks", 0.15, [](const attend_problem& p) { return blocks(p) >= 3; }},
    {"keys_1000_or_more", 0.01, [](const attend_problem& p) { return blocks(p) >= 16; }},
    {"rows_beyond_32_bits", 0.01,
     [](const attend_problem& p) {
       const std::int64_t slots = p.page_size > 0 ? p.num_pages * p.page_size : p.batch_cache * p.capacity;
       return beyond_32_bits(slots * p.hk, p.d + p.gap);
     }},
    {"query_value", 0, [](const attend_problem& p) { return p.has_qv; }},
    {"sink_logit", 0, [](const attend_problem& p) { return p.has_sink; }},
};

constexpr problem_class<append_problem> append_rows[] = {
    {"no_new_token", 0, [](const append_problem& p) { return p.sn == 0; }},
    {"one_new_token", 0.12, [](const append_problem& p) { return p.sn == 1; }},
    {"new_tokens_5_or_more", 0.07, [](const append_problem& p) { return p.sn >= 5; }},
    {"packed_new", 0.07, [](const append_problem& p) { return !p.seqlens_new.empty(); }},
    {"no_rotary", 0.08, [](const append_problem& p) { return p.rotary_dim == 0; }},
    {"rotary_whole", 0.1, [](const append_problem& p) { return p.rotary_dim > 0 && p.rotary_dim == p.d; }},
    {"rotary_partial", 0.08, [](const append_problem& p) { return p.rotary_dim > 0 && p.rotary_dim < p.d; }},
    {"rotary_interleaved", 0.1,
     [](const append_problem& p) { return p.rotary_dim > 0 && p.rotary_interleaved; }},
    {"rotary_halves", 0.1, [](const append_problem& p) { return p.rotary_dim > 0 && !p.rotary_interleaved; }},
    {"rotated_q", 0.15, [](const append_problem& p) { return p.sq > 0; }},
    {"q_positions_move", 0.08,
     [](const append_problem& p) { return p.sq > 0 && flash_decode::q_positions_move(p); }},
    {"q_positions_fixed", 0.05,
     [](const append_problem& p) { return p.sq > 1 && !flash_decode::q_positions_move(p); }},
    {"own_rotary_positions", 0.04, [](const append_problem& p) { return !p.rotary_seqlens.empty(); }},
    {"page_crossed", 0.04,
     [](const append_problem& p) {
       return p.page_size > 0 && any_sequence(p, [&](std::int64_t n, std::int64_t) {
                const std::int64_t first = p.cache_seqlens[static_cast<std::size_t>(n)];
                const std::int64_t last = first + flash_decode::new_tokens(p, n) - 1;
                return last > first && first / p.page_size != last / p.page_size;
              });
     }},
};

constexpr problem_class<combine_problem> combine_rows[] = {
    {"one_split", 0.02, [](const combine_problem& p) { return p.num_splits == 1; }},
    {"splits_2_to_16", 0.1, [](const combine_problem& p) { return p.num_splits >= 2 && p.num_splits <= 16; }},
    {"splits_17_to_128", 0.1,
     [](const combine_problem& p) { return p.num_splits >= 17 && p.num_splits <= 128; }},
    {"splits_129_to_256", 0.08, [](const combine_problem& p) { return p.num_splits >= 129; }},
    {"empty_partials", 0.2, [](const combine_problem& p) { return p.empty_percent > 0; }},
    {"mostly_empty", 0.05, [](const combine_problem& p) { return p.empty_percent >= 90; }},
    {"none_empty", 0.08, [](const combine_problem& p) { return p.empty_percent == 0; }},
    {"gap", 0.08, [](const combine_problem& p) { return p.gap > 0; }},
    {"one_query", 0.06, [](const combine_problem& p) { return p.sq == 1; }},
    {"several_queries", 0.2, [](const combine_problem& p) { return p.sq > 1; }},
    {"head_dim_v_not_multiple_of_8", 0.02, [](const combine_problem& p) { return p.dv % 8 != 0; }},
    {"head_dim_v_not_multiple_of_4", 0.02, [](const combine_problem& p) { return p.dv % 4 != 0; }},
    {"out_f32", 0.2, [](const combine_problem& p) { return p.out_type == dtype::f32; }},
    {"out_bf16", 0.1, [](const combine_problem& p) { return p.out_type == dtype::bf16; }},
    {"out_f16", 0.1, [](const combine_problem& p) { return p.out_type == dtype::f16; }},
};

template <class P, std::size_t N>
std::vector<problem_class<P>> with_cache(const problem_class<P> (&own)[N]) {
  std::vector<problem_class<P>> all(std::begin(cache_rows<P>), std::end(cache_rows<P>));
  all.insert(all.end(), std::begin(own), std::end(own));
  return all;
}

}  // namespace

std::span<const problem_class<attend_problem>> attend_classes() {
  static const auto all = with_cache(attend_rows);
  return all;
}

std::span<const problem_class<append_problem>> append_classes() {
  static const auto all = with_cache(append_rows);
  return all;
}

std::span<const problem_class<combine_problem>> combine_classes() { return combine_rows; }

}  // namespace plumbline::generate
