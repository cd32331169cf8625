// Classes of mla's attentions, each with the least share that must be drawn.
#include <algorithm>

#include "properties/generate/far_rows.hpp"
#include "properties/mla/attention_shapes.hpp"

namespace plumbline::generate {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

template <class P>
bool any_empty(const P& p) {
  return std::find(p.cache_seqlens.begin(), p.cache_seqlens.end(), 0) != p.cache_seqlens.end();
}
template <class P>
bool half_empty(const P& p) {
  return 2 * std::count(p.cache_seqlens.begin(), p.cache_seqlens.end(), 0) >= p.b;
}
template <class P>
bool ragged(const P& p) {
  return std::any_of(p.cache_seqlens.begin(), p.cache_seqlens.end(),
                     [&](std::int64_t one) { return one != p.cache_seqlens[0]; });
}
template <class P>
bool beside_a_tile(const P& p) {
  return std::any_of(p.cache_seqlens.begin(), p.cache_seqlens.end(), [](std::int64_t one) {
    const std::int64_t rest = one % 64;
    return one > 2 && (rest < 2 || rest == 63);
  });
}
bool is_short(const prefill_problem& p) {
  return !p.causal && *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()) <= 256;
}

constexpr problem_class<prefill_problem> prefill_rows[] = {
    {"heads_1", 0.18, [](const prefill_problem& p) { return p.hq == 1; }},
    {"odd_heads", 0.08, [](const prefill_problem& p) { return p.hq % 2 == 1 && p.hq > 1; }},
    {"heads_16_or_more", 0.09, [](const prefill_problem& p) { return p.hq >= 16; }},
    {"several_heads_a_kv_head", 0, [](const prefill_problem& p) { return p.hq != p.hk; }},
    {"d_192_dv_128", 0.1, [](const prefill_problem& p) { return p.d == 192 && p.dv == 128; }},
    {"d_equals_dv", 0.05, [](const prefill_problem& p) { return p.d == p.dv; }},
    {"one_query", 0.02, [](const prefill_problem& p) { return p.sq == 1; }},
    {"queries_255_to_257", 0.1, [](const prefill_problem& p) { return p.sq >= 255 && p.sq <= 257; }},
    {"queries_512", 0.03, [](const prefill_problem& p) { return p.sq == 512; }},
    {"tokens_before", 0.14,
     [](const prefill_problem& p) {
       return std::any_of(p.cache_seqlens.begin(), p.cache_seqlens.end(),
                          [&](std::int64_t one) { return one > p.sq; });
     }},
    {"short_path", 0.1, is_short},
    {"past_the_short_path", 0.23, [](const prefill_problem& p) { return !is_short(p); }},
    {"keys_256_unmasked", 0,
     [](const prefill_problem& p) {
       return !p.causal && *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()) == 256;
     }},
    {"keys_257_unmasked", 0,
     [](const prefill_problem& p) {
       return !p.causal && *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()) == 257;
     }},
    {"causal", 0.18, [](const prefill_problem& p) { return p.causal; }},
    {"ragged", 0.02, ragged<prefill_problem>},
    {"empty_sequences", 0, any_empty<prefill_problem>},
    {"half_empty", 0, half_empty<prefill_problem>},
    {"tile_edge", 0.18, beside_a_tile<prefill_problem>},
    {"batch_8_or_more", 0.02, [](const prefill_problem& p) { return p.b >= 8; }},
    {"gap", 0.14, [](const prefill_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const prefill_problem& p) { return beyond_32_bits(p.b * p.capacity * p.hk, p.d + p.gap); }},
    {"own_scale", 0.17, [](const prefill_problem& p) { return p.softmax_scale > 0; }}};

constexpr problem_class<decode_problem> decode_rows[] = {
    {"heads_1", 0, [](const decode_problem& p) { return p.hq == 1; }},
    {"odd_heads", 0.13, [](const decode_problem& p) { return p.hq % 2 == 1 && p.hq > 1; }},
    {"heads_16", 0.07, [](const decode_problem& p) { return p.hq == 16; }},
    {"heads_64", 0.06, [](const decode_problem& p) { return p.hq == 64; }},
    {"heads_126", 0, [](const decode_problem& p) { return p.hq == 126; }},
    {"heads_128", 0, [](const decode_problem& p) { return p.hq == 128; }},
    {"several_kv_heads", 0, [](const decode_problem& p) { return p.hk > 1; }},
    {"row_of_576", 0.15, [](const decode_problem& p) { return p.d == 576 && p.dv == 512; }},
    {"no_rotary_part", 0, [](const decode_problem& p) { return p.d == p.dv; }},
    {"unaligned_rows", 0.09, [](const decode_problem& p) { return (p.d + p.gap) % 8 != 0; }},
    {"one_query", 0.19, [](const decode_problem& p) { return p.sq == 1; }},
    {"several_queries", 0.15, [](const decode_problem& p) { return p.sq > 1; }},
    {"causal_with_several_queries", 0.07, [](const decode_problem& p) { return p.causal && p.sq > 1; }},
    {"page_of_64", 0.19, [](const decode_problem& p) { return p.page_size == 64; }},
    {"page_of_1", 0.02, [](const decode_problem& p) { return p.page_size == 1; }},
    {"page_no_block_divides", 0.05, [](const decode_problem& p) { return 64 % p.page_size != 0; }},
    {"ragged", 0.09, ragged<decode_problem>},
    {"empty_sequences", 0.02, any_empty<decode_problem>},
    {"half_empty", 0, half_empty<decode_problem>},
    {"tile_edge", 0.15, beside_a_tile<decode_problem>},
    {"batch_8_or_more", 0.07, [](const decode_problem& p) { return p.b >= 8; }},
    {"batch_32", 0, [](const decode_problem& p) { return p.b == 32; }},
    {"more_requests_than_lanes", 0, [](const decode_problem& p) { return p.b > 32; }},
    {"request_of_100_blocks", 0,
     [](const decode_problem& p) {
       return *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()) >= 6400;
     }},
    {"one_part", 0.05, [](const decode_problem& p) { return p.num_sm_parts == 1; }},
    {"many_parts", 0.08, [](const decode_problem& p) { return p.num_sm_parts > 16; }},
    {"parts_of_the_device", 0.06, [](const decode_problem& p) { return p.num_sm_parts == 0; }},
    {"gap", 0.14, [](const decode_problem& p) { return p.gap > 0; }},
    {"page_gap", 0.09, [](const decode_problem& p) { return p.page_gap > 0; }},
    {"pages_beyond_32_bits", 0,
     [](const decode_problem& p) {
       return beyond_32_bits(p.num_pages, (p.page_size + p.page_gap) * p.hk * (p.d + p.gap));
     }},
    {"own_scale", 0.16, [](const decode_problem& p) { return p.softmax_scale > 0; }}};

constexpr problem_class<decode_indices_problem> decode_indices_rows[] = {
    {"plain_rows", 0.15, [](const decode_indices_problem& p) { return p.format == mla::kv_format::plain; }},
    {"rows_v32", 0.13, [](const decode_indices_problem& p) { return p.format == mla::kv_format::v32; }},
    {"rows_model1", 0.05, [](const decode_indices_problem& p) { return p.format == mla::kv_format::model1; }},
    {"rows_of_656_bytes", 0.06,
     [](const decode_indices_problem& p) {
       return p.format == mla::kv_format::v32 && p.d == 576 && p.qk_rope_head_dim == 64;
     }},
    {"heads_1", 0.03, [](const decode_indices_problem& p) { return p.hq == 1; }},
    {"odd_heads", 0.12, [](const decode_indices_problem& p) { return p.hq % 2 == 1 && p.hq > 1; }},
    {"heads_64_or_more", 0.1, [](const decode_indices_problem& p) { return p.hq >= 64; }},
    {"several_queries", 0.09, [](const decode_indices_problem& p) { return p.sq > 1; }},
    {"topk_of_whole_blocks", 0.2, [](const decode_indices_problem& p) { return p.topk % 64 == 0; }},
    {"more_requests_than_lanes", 0, [](const decode_indices_problem& p) { return p.b > 32; }},
    {"request_of_100_blocks", 0, [](const decode_indices_problem& p) { return p.topk >= 6400; }},
    {"topk_length", 0.11, [](const decode_indices_problem& p) { return !p.topk_length.empty(); }},
    {"empty_list", 0,
     [](const decode_indices_problem& p) {
       return std::find(p.topk_length.begin(), p.topk_length.end(), 0) != p.topk_length.end();
     }},
    {"second_list", 0.11, [](const decode_indices_problem& p) { return p.extra_topk > 0; }},
    {"second_list_length", 0.06,
     [](const decode_indices_problem& p) { return !p.extra_topk_length.empty(); }},
    {"attn_sink", 0.12, [](const decode_indices_problem& p) { return p.has_sink; }},
    {"invalid_entries", 0.17, [](const decode_indices_problem& p) { return p.invalid_percent > 0; }},
    {"duplicate_entries", 0.14, [](const decode_indices_problem& p) { return p.duplicate_percent > 0; }},
    {"page_gap", 0.06, [](const decode_indices_problem& p) { return p.page_gap > 0; }},
    {"pages_beyond_32_bits", 0,
     [](const decode_indices_problem& p) {
       const std::int64_t page = p.format == mla::kv_format::plain
                                     ? (p.page_size + p.page_gap) * (p.d + p.gap)
                                     : p.page_size * p.d + p.page_gap;
       return beyond_32_bits(p.num_pages, page);
     }},
    {"many_parts", 0.08, [](const decode_indices_problem& p) { return p.num_sm_parts > 16; }},
    {"own_scale", 0.17, [](const decode_indices_problem& p) { return p.softmax_scale > 0; }}};

constexpr problem_class<prefill_indices_problem> prefill_indices_rows[] = {
    {"heads_1", 0.02, [](const prefill_indices_problem& p) { return p.hq == 1; }},
    {"odd_heads", 0.12, [](const prefill_indices_problem& p) { return p.hq % 2 == 1 && p.hq > 1; }},
    {"heads_64_or_more", 0.11, [](const prefill_indices_problem& p) { return p.hq >= 64; }},
    {"row_of_576", 0.13, [](const prefill_indices_problem& p) { return p.d == 576 && p.dv == 512; }},
    {"one_query", 0.12, [](const prefill_indices_problem& p) { return p.sq == 1; }},
    {"queries_17_or_more", 0.06, [](const prefill_indices_problem& p) { return p.sq >= 17; }},
    {"topk_of_whole_blocks", 0.19, [](const prefill_indices_problem& p) { return p.topk % 64 == 0; }},
    {"topk_length", 0.11, [](const prefill_indices_problem& p) { return !p.topk_length.empty(); }},
    {"fewer_rows_than_entries", 0.06, [](const prefill_indices_problem& p) { return p.skv < p.topk; }},
    {"attn_sink", 0.11, [](const prefill_indices_problem& p) { return p.has_sink; }},
    {"invalid_entries", 0.17, [](const prefill_indices_problem& p) { return p.invalid_percent > 0; }},
    {"duplicate_entries", 0.13, [](const prefill_indices_problem& p) { return p.duplicate_percent > 0; }},
    {"gap", 0.13, [](const prefill_indices_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const prefill_indices_problem& p) { return beyond_32_bits(p.skv, p.d + p.gap); }},
    {"own_scale", 0.17, [](const prefill_indices_problem& p) { return p.softmax_scale > 0; }}};

}  // namespace

std::span<const problem_class<prefill_problem>> prefill_classes() { return prefill_rows; }
std::span<const problem_class<decode_problem>> decode_classes() { return decode_rows; }
std::span<const problem_class<decode_indices_problem>> decode_indices_classes() {
  return decode_indices_rows;
}
std::span<const problem_class<prefill_indices_problem>> prefill_indices_classes() {
  return prefill_indices_rows;
}

}  // namespace plumbline::generate
