// Problems of mla's attention side as one line of text, and back.
#include "reference/core/described.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

std::int64_t longest_of(const std::vector<std::int64_t>& lengths, std::int64_t otherwise) {
  return lengths.empty() ? otherwise : *std::max_element(lengths.begin(), lengths.end());
}

std::int64_t pages_for(const std::vector<std::int64_t>& lengths, std::int64_t page_size) {
  if (lengths.empty() || page_size < 1) return 1;
  const std::int64_t longest = longest_of(lengths, 1);
  return longest / page_size + (longest % page_size != 0);
}

}  // namespace

template <class Way>
void describe(Way& way, prefill_problem& p) {
  const prefill_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("hq", p.hq, usual.hq);
  way.number("hk", p.hk, p.hq);
  way.number("d", p.d, usual.d);
  way.number("dv", p.dv, usual.dv);
  way.list("cache_seqlens", p.cache_seqlens);
  way.number("capacity", p.capacity, longest_of(p.cache_seqlens, 1));
  way.number("gap", p.gap, 0);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.flag("causal", p.causal, false);
}

template <class Way>
void describe(Way& way, decode_problem& p) {
  const decode_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("hq", p.hq, usual.hq);
  way.number("hk", p.hk, usual.hk);
  way.number("d", p.d, usual.d);
  way.number("dv", p.dv, std::min(p.d, usual.dv));
  way.number("page_size", p.page_size, usual.page_size);
  way.list("cache_seqlens", p.cache_seqlens);
  way.number("max_pages", p.max_pages, pages_for(p.cache_seqlens, p.page_size));
  way.number("num_pages", p.num_pages, p.b * p.max_pages);
  way.number("gap", p.gap, 0);
  way.number("page_gap", p.page_gap, 0);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.flag("causal", p.causal, false);
  way.number("num_sm_parts", p.num_sm_parts, 0);
}

template <class Way>
void describe(Way& way, decode_indices_problem& p) {
  constexpr std::string_view formats[] = {"plain", "v32", "model1"};
  const decode_indices_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("hq", p.hq, usual.hq);
  way.number("d", p.d, usual.d);
  way.number("dv", p.dv, std::min(p.d, usual.dv));
  way.word("kv_format", p.format, usual.format, formats);
  way.number("qk_rope_head_dim", p.qk_rope_head_dim, p.format == kv_format::plain ? 0 : 64);
  way.number("page_size", p.page_size, usual.page_size);
  way.number("num_pages", p.num_pages, usual.num_pages);
  way.number("gap", p.gap, 0);
  way.number("page_gap", p.page_gap, 0);
  way.number("topk", p.topk, usual.topk);
  way.list("topk_length", p.topk_length);
  way.number("extra_topk", p.extra_topk, 0);
  way.number("extra_page_size", p.extra_page_size, p.page_size);
  way.number("extra_num_pages", p.extra_num_pages, p.extra_topk > 0 ? p.num_pages : 0);
  way.list("extra_topk_length", p.extra_topk_length);
  way.flag("has_sink", p.has_sink, false);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.number("num_sm_parts", p.num_sm_parts, 0);
  way.number("invalid_percent", p.invalid_percent, 0);
  way.number("duplicate_percent", p.duplicate_percent, 0);
}

template <class Way>
void describe(Way& way, prefill_indices_problem& p) {
  const prefill_indices_problem usual;
  way.type("dtype", p.type, usual.type);
  way.number("sq", p.sq, usual.sq);
  way.number("hq", p.hq, usual.hq);
  way.number("skv", p.skv, usual.skv);
  way.number("d", p.d, usual.d);
  way.number("dv", p.dv, std::min(p.d, usual.dv));
  way.number("gap", p.gap, 0);
  way.number("topk", p.topk, usual.topk);
  way.list("topk_length", p.topk_length);
  way.flag("has_sink", p.has_sink, false);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.number("invalid_percent", p.invalid_percent, 0);
  way.number("duplicate_percent", p.duplicate_percent, 0);
}

template <class Way>
void describe(Way& way, schedule_problem& p) {
  const schedule_problem usual;
  describe_batch(way, p.b);
  way.number("num_sm_parts", p.num_sm_parts, usual.num_sm_parts);
  way.number("block_size", p.block_size, usual.block_size);
  way.number("fixed_overhead", p.fixed_overhead, usual.fixed_overhead);
  way.list("cache_seqlens", p.cache_seqlens);
  way.number("topk", p.topk, usual.topk, -1);
  way.list("topk_length", p.topk_length);
  way.number("extra_topk", p.extra_topk, usual.extra_topk);
  way.list("extra_topk_length", p.extra_topk_length);
}

template <class Way>
void describe(Way& way, combine_problem& p) {
  const combine_problem usual;
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("hq", p.hq, usual.hq);
  way.number("dv", p.dv, usual.dv);
  way.list("splits", p.splits);
  way.type("out_type", p.out_type, usual.out_type);
  way.flag("has_sink", p.has_sink, false);
  way.number("gap", p.gap, 0);
  way.number("empty_percent", p.empty_percent, 0);
}

namespace {

std::int64_t capacity(const decode_problem& p) { return p.max_pages * p.page_size; }

}  // namespace

std::string to_text(const prefill_problem& given) {
  prefill_problem p = given;
  collapse(p.cache_seqlens, p.capacity);
  return line_of(p);
}

prefill_problem parse_prefill(const keyed_text& text) {
  return parsed<prefill_problem>(text, [](prefill_problem& p) { expand(p.cache_seqlens, p.b, p.capacity); });
}

std::string to_text(const decode_problem& given) {
  decode_problem p = given;
  collapse(p.cache_seqlens, capacity(p));
  return line_of(p);
}

decode_problem parse_decode(const keyed_text& text) {
  return parsed<decode_problem>(text, [](decode_problem& p) { expand(p.cache_seqlens, p.b, capacity(p)); });
}

std::string to_text(const decode_indices_problem& given) {
  decode_indices_problem p = given;
  collapse(p.topk_length);
  collapse(p.extra_topk_length);
  return line_of(p);
}

decode_indices_problem parse_decode_indices(const keyed_text& text) {
  return parsed<decode_indices_problem>(text, [](decode_indices_problem& p) {
    expand(p.topk_length, p.b);
    expand(p.extra_topk_length, p.b);
  });
}

std::string to_text(const prefill_indices_problem& given) {
  prefill_indices_problem p = given;
  collapse(p.topk_length);
  return line_of(p);
}

prefill_indices_problem parse_prefill_indices(const keyed_text& text) {
  return parsed<prefill_indices_problem>(text,
                                         [](prefill_indices_problem& p) { expand(p.topk_length, p.sq); });
}

std::string to_text(const schedule_problem& given) {
  schedule_problem p = given;
  if (p.topk < 0) collapse(p.cache_seqlens, p.block_size);
  collapse(p.topk_length);
  collapse(p.extra_topk_length);
  return line_of(p);
}

schedule_problem parse_schedule(const keyed_text& text) {
  return parsed<schedule_problem>(text, [](schedule_problem& p) {
    if (p.topk < 0) expand(p.cache_seqlens, p.b, p.block_size);
    expand(p.topk_length, p.b);
    expand(p.extra_topk_length, p.b);
  });
}

std::string to_text(const combine_problem& given) {
  combine_problem p = given;
  collapse(p.splits, 1);
  return line_of(p);
}

combine_problem parse_combine(const keyed_text& text) {
  return parsed<combine_problem>(text, [](combine_problem& p) { expand(p.splits, p.b, 1); });
}

}  // namespace plumbline::mla
