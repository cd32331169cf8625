// Bad arguments of mla's attentions are refused before a launch, by name.
#include <cmath>

#include "properties/laws/refusal.hpp"
#include "properties/mla/attention_inputs.hpp"
#include "properties/mla/attention_laws.hpp"

namespace plumbline::laws {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

using prefill_call = refused_call<prefill_problem>;
using decode_call = refused_call<decode_problem>;
using listed_call = refused_call<decode_indices_problem>;
using listed_prefill_call = refused_call<prefill_indices_problem>;

template <class Problem>
refused_call<Problem> with_inputs(const Problem& p) {
  return {p, generate::draw_inputs(p, "normal", 1)};
}
prefill_call good_prefill() {
  prefill_problem p;
  p.b = 2, p.sq = 3, p.hq = 2, p.hk = 2, p.d = 24, p.dv = 16, p.capacity = 9, p.cache_seqlens = {9, 4};
  return with_inputs(p);
}
decode_call good_decode() {
  decode_problem p;
  p.b = 2, p.hq = 4, p.d = 40, p.dv = 32, p.page_size = 4, p.max_pages = 3, p.num_pages = 6;
  p.cache_seqlens = {9, 4};
  return with_inputs(p);
}
listed_call good_listed() {
  decode_indices_problem p;
  p.b = 2, p.hq = 4, p.d = 40, p.dv = 32, p.page_size = 4, p.num_pages = 3, p.topk = 7,
  p.topk_length = {7, 2};
  p.extra_topk = 3, p.extra_page_size = 2, p.extra_num_pages = 2, p.has_sink = true;
  return with_inputs(p);
}
listed_prefill_call good_listed_prefill() {
  prefill_indices_problem p;
  p.sq = 2, p.hq = 4, p.skv = 9, p.d = 40, p.dv = 32, p.topk = 7, p.topk_length = {7, 2}, p.has_sink = true;
  return with_inputs(p);
}

// What several functions refuse alike.
template <class Problem>
constexpr refusal<Problem> alike[] = {
    {"dtype", [](refused_call<Problem>& c) { c.problem.type = dtype::e4m3; }},
    {"sq", [](refused_call<Problem>& c) { c.problem.sq = -1; }},
    {"d", [](refused_call<Problem>& c) { c.problem.d = 0; }},
    {"gap", [](refused_call<Problem>& c) { c.problem.gap = -1; }},
    {"softmax_scale", [](refused_call<Problem>& c) { c.problem.softmax_scale = NAN; }},
    {"q", [](refused_call<Problem>& c) { c.inputs.erase("q"); }},
    {"q", [](refused_call<Problem>& c) { c.inputs.set("q", tensor(dtype::f32, {1})); }}};

constexpr refusal<prefill_problem> prefill_rows[] = {
    {"hq", [](prefill_call& c) { c.problem.hk = 3; }},
    {"dv", [](prefill_call& c) { c.problem.dv = 0; }},
    {"capacity", [](prefill_call& c) { c.problem.capacity = -1; }},
    {"cache_seqlens", [](prefill_call& c) { c.problem.cache_seqlens = {9}; }},
    {"cache_seqlens",
     [](prefill_call& c) {
       c.problem.cache_seqlens = {9, 10};
     }},
    {"cache_seqlens", [](prefill_call& c) { c.inputs.at("cache_seqlens").set_value(0, 8); }},
    {"k", [](prefill_call& c) { c.inputs.erase("k"); }},
    {"v", [](prefill_call& c) { c.inputs.set("v", c.inputs.at("k")); }}};

constexpr refusal<decode_problem> decode_rows[] = {
    {"hq", [](decode_call& c) { c.problem.hk = 3; }},
    {"dv", [](decode_call& c) { c.problem.dv = 41; }},
    {"page_size", [](decode_call& c) { c.problem.page_size = 0; }},
    {"page_gap", [](decode_call& c) { c.problem.page_gap = -1; }},
    {"num_sm_parts", [](decode_call& c) { c.problem.num_sm_parts = -1; }},
    {"cache_seqlens",
     [](decode_call& c) {
       c.problem.cache_seqlens = {13, 4};
     }},
    {"cache_seqlens", [](decode_call& c) { c.inputs.at("cache_seqlens").set_value(1, -1); }},
    {"block_table", [](decode_call& c) { c.inputs.at("block_table").set_value(1, 6); }},
    {"block_table", [](decode_call& c) { c.inputs.at("block_table").set_value(0, -1); }},
    {"block_table", [](decode_call& c) { c.inputs.erase("block_table"); }},
    {"k_cache", [](decode_call& c) { c.inputs.erase("k_cache"); }}};

constexpr refusal<decode_indices_problem> listed_rows[] = {
    {"dv", [](listed_call& c) { c.problem.dv = 41; }},
    {"topk", [](listed_call& c) { c.problem.topk = -1; }},
    {"topk_length",
     [](listed_call& c) {
       c.problem.topk_length = {8, 2};
     }},
    {"extra_topk", [](listed_call& c) { c.problem.extra_topk = -1; }},
    {"qk_rope_head_dim",
     [](listed_call& c) { c.problem.format = mla::kv_format::v32, c.problem.qk_rope_head_dim = 8; }},
    {"indices", [](listed_call& c) { c.inputs.at("indices").set_value(0, 12); }},
    {"indices", [](listed_call& c) { c.inputs.at("indices").set_value(7, -2); }},
    {"extra_indices", [](listed_call& c) { c.inputs.at("extra_indices").set_value(0, 4); }},
    {"attn_sink", [](listed_call& c) { c.inputs.erase("attn_sink"); }},
    {"k_cache", [](listed_call& c) { c.inputs.erase("k_cache"); }}};

constexpr refusal<prefill_indices_problem> listed_prefill_rows[] = {
    {"dv", [](listed_prefill_call& c) { c.problem.dv = 41; }},
    {"skv", [](listed_prefill_call& c) { c.problem.skv = -1; }},
    {"topk", [](listed_prefill_call& c) { c.problem.topk = -1; }},
    {"topk_length",
     [](listed_prefill_call& c) {
       c.problem.topk_length = {8, 2};
     }},
    {"indices", [](listed_prefill_call& c) { c.inputs.erase("indices"); }},
    {"attn_sink", [](listed_prefill_call& c) { c.inputs.erase("attn_sink"); }},
    {"kv", [](listed_prefill_call& c) { c.inputs.erase("kv"); }}};

template <class Problem>
std::string accepted(const refused_call<Problem>& good, std::span<const refusal<Problem>> own) {
  const std::string why = first_accepted<Problem>(good, alike<Problem>);
  return why.empty() ? first_accepted<Problem>(good, own) : why;
}

}  // namespace

std::string broken_prefill_refusals(const subject<prefill_problem>&) {
  return accepted<prefill_problem>(good_prefill(), prefill_rows);
}
std::string broken_decode_refusals(const subject<decode_problem>&) {
  return accepted<decode_problem>(good_decode(), decode_rows);
}
std::string broken_decode_indices_refusals(const subject<decode_indices_problem>&) {
  return accepted<decode_indices_problem>(good_listed(), listed_rows);
}
std::string broken_prefill_indices_refusals(const subject<prefill_indices_problem>&) {
  return accepted<prefill_indices_problem>(good_listed_prefill(), listed_prefill_rows);
}

}  // namespace plumbline::laws
