#include "properties/flash_decode/recorded.hpp"

#include <algorithm>

#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::string_view call_tensors[] = {"q",
                                             "qv",
                                             "k_cache",
                                             "v_cache",
                                             "cache_seqlens",
                                             "cache_batch_idx",
                                             "page_table",
                                             "cache_leftpad",
                                             "cu_seqlens_q",
                                             "q_descale",
                                             "k_descale",
                                             "v_descale",
                                             "learnable_sink"};
constexpr std::string_view append_tensors[] = {"k_new",
                                               "v_new",
                                               "cu_seqlens_k_new",
                                               "rotary_cos",
                                               "rotary_sin",
                                               "rotary_seqlens",
                                               "out_k_cache",
                                               "out_v_cache",
                                               "out_q_rotated",
                                               "expected_k_cache",
                                               "expected_v_cache",
                                               "expected_q_rotated"};

constexpr std::string_view combine_tensors[] = {"out_partial",  "lse_partial",         "out",
                                                "lse",          "softmax_lse",         "expected_out",
                                                "expected_lse", "expected_softmax_lse"};

std::vector<std::string_view> known_tensors(bool appends) {
  std::vector<std::string_view> all(std::begin(call_tensors), std::end(call_tensors));
  all.insert(all.end(), std::begin(attend_results), std::end(attend_results));
  if (appends) all.insert(all.end(), std::begin(append_tensors), std::end(append_tensors));
  return all;
}

// Everything that attend and append share, from the tensors.
void read_cache(const recorded_case& c, recorded_options& options, std::int64_t b, cache_shape& p,
                tensor_set& inputs) {
  const tensor& k = needed(c, "k_cache", 4);
  const tensor& v = needed(c, "v_cache", 4);
  p.type = k.type();
  require_type(options, p.type);
  options.only_said(
      {"append", "seqlen_k", "max_seqlen_q", "max_seqlen_k_new", "shared_pages", "empty_percent"});
  p.b = b;
  p.hk = k.dim(2);
  p.d = k.dim(3);
  p.dv = v.dim(3);
  if (const tensor* table = c.tensors.find("page_table")) {
    p.page_size = k.dim(1);
    p.num_pages = k.dim(0);
    p.batch_cache = table->dim(0);
    p.max_pages = table->dim(1);
    p.capacity = p.page_size * p.max_pages;
  } else {
    p.batch_cache = k.dim(0);
    p.capacity = k.dim(1);
  }
  p.has_batch_idx = c.tensors.has("cache_batch_idx");
  p.cache_leftpad = whole_values(c, "cache_leftpad");
  p.cache_seqlens = whole_values(c, "cache_seqlens");
  if (p.cache_seqlens.empty()) p.cache_seqlens.assign(static_cast<std::size_t>(b), p.capacity);
  p.gap = options.integer("gap", 0);
  take(c, {"k_cache", "v_cache"}, p.gap, inputs);
  inputs.set("cache_seqlens", whole_numbers(p.cache_seqlens));
  if (p.has_batch_idx) inputs.set("cache_batch_idx", whole_numbers(whole_values(c, "cache_batch_idx")));
  if (!p.cache_leftpad.empty()) inputs.set("cache_leftpad", whole_numbers(p.cache_leftpad));
  take(c, {"page_table"}, 0, inputs);
  const std::pair<const char*, std::int64_t> said[] = {
      {"batch_size", p.b},        {"num_heads_k", p.hk},    {"head_dim", p.d},  {"head_dim_v", p.dv},
      {"page_size", p.page_size}, {"capacity", p.capacity}, {"num_heads", p.hq}};
  require_as_said(options, said);
}

template <class Problem>
void read_masks(recorded_options& options, Problem& p) {
  p.causal = options.flag("causal", false);
  p.window_left = options.integer("window_left", -1);
  p.window_right = options.integer("window_right", -1);
  p.attention_chunk = options.integer("attention_chunk", 0);
}

// q, packed or not: heads, tokens, and the number of sequences.
std::int64_t read_queries(const recorded_case& c, cache_shape& p, std::int64_t& sq) {
  const bool packed = c.tensors.has("cu_seqlens_q");
  const tensor& q = needed(c, "q", packed ? 3 : 4);
  p.hq = q.dim(packed ? 1 : 2);
  if (!packed) {
    sq = q.dim(1);
    return q.dim(0);
  }
  p.seqlens_q = differences(whole_values(c, "cu_seqlens_q"));
  sq = p.seqlens_q.empty() ? 0 : *std::max_element(p.seqlens_q.begin(), p.seqlens_q.end());
  return static_cast<std::int64_t>(p.seqlens_q.size());
}

void read_attend_options(const recorded_case& c, recorded_options& options, attend_problem& p) {
  p.softmax_scale = options.real("softmax_scale", 0);
  p.softcap = options.real("softcap", 0);
  p.num_splits = options.integer("num_splits", 0);
  read_masks(options, p);
  p.has_qv = c.tensors.has("qv");
  p.has_sink = c.tensors.has("learnable_sink");
  p.out_type = p.type == dtype::e4m3 ? dtype::bf16 : p.type;
  if (options.has("out_dtype"))
    if (const auto type = dtype_from(options.word("out_dtype", ""))) p.out_type = *type;
  const std::int64_t sq = options.integer("seqlen_q", p.sq);
  if (p.seqlens_q.empty() && sq != p.sq)
    throw bad_argument("seqlen_q", "the case says " + std::to_string(sq) + ", q has " + std::to_string(p.sq));
}

}  // namespace

recorded_attend read_attend(const recorded_case& c, recorded_options& options) {
  recorded_attend r;
  options.neutral("rotary_dim", "0");  // a call that appends nothing rotates nothing
  options.neutral("seqlen_new", "0");
  options.word("rotary_interleaved", "");
  attend_problem& p = r.problem;
  const std::int64_t b = read_queries(c, p, p.sq);
  read_cache(c, options, b, p, r.inputs);
  read_attend_options(c, options, p);
  take(c, {"q", "qv"}, p.gap, r.inputs);
  take(c, {"cu_seqlens_q", "q_descale", "k_descale", "v_descale", "learnable_sink"}, 0, r.inputs);
  options.require_known(known_tensors(false));
  return r;
}

recorded_append read_append(const recorded_case& c, recorded_options& options) {
  recorded_append r;
  append_problem& p = r.problem;
  const bool packed = c.tensors.has("cu_seqlens_k_new");
  const tensor& k_new = needed(c, "k_new", packed ? 3 : 4);
  p.seqlens_new = differences(whole_values(c, "cu_seqlens_k_new"));
  p.sn = !packed                 ? k_new.dim(1)
         : p.seqlens_new.empty() ? 0
                                 : *std::max_element(p.seqlens_new.begin(), p.seqlens_new.end());
  const bool has_q = c.tensors.has("q");
  p.hq = has_q ? k_new.dim(packed ? 1 : 2) : options.integer("num_heads", k_new.dim(packed ? 1 : 2));
  if (has_q) read_queries(c, p, p.sq);
  read_cache(c, options, packed ? static_cast<std::int64_t>(p.seqlens_new.size()) : k_new.dim(0), p,
             r.inputs);
  const std::int64_t said_new = options.integer("seqlen_new", p.sn);
  if (!packed && said_new != p.sn)
    throw bad_argument("seqlen_new",
                       "the case says " + std::to_string(said_new) + ", k_new has " + std::to_string(p.sn));
  read_masks(options, p);
  static_cast<cache_shape&>(r.attend) = p;
  r.attend.sq = p.sq;
  read_attend_options(c, options, r.attend);
  if (const tensor* cos = c.tensors.find("rotary_cos")) {
    p.rotary_dim = 2 * cos->dim(1);
    p.seqlen_rotary = cos->dim(0);
    p.rotary_interleaved = options.flag("rotary_interleaved", true);
    p.rotary_seqlens = whole_values(c, "rotary_seqlens");
    if (!p.rotary_seqlens.empty()) r.inputs.set("rotary_seqlens", whole_numbers(p.rotary_seqlens));
  } else {
    options.integer("rotary_interleaved", 1);
    p.sq = 0;
    p.seqlens_q.clear();
  }
  if (const std::int64_t said = options.integer("rotary_dim", p.rotary_dim); said != p.rotary_dim)
    throw bad_argument("rotary_dim", "the case says " + std::to_string(said) + ", its tables " +
                                         std::to_string(p.rotary_dim));
  take(c, {"q", "qv", "k_new", "v_new"}, p.gap, r.inputs);
  take(
      c,
      {"cu_seqlens_q", "cu_seqlens_k_new", "rotary_cos", "rotary_sin", "q_descale", "k_descale", "v_descale"},
      0, r.inputs);
  options.require_known(known_tensors(true));
  return r;
}

recorded_combine read_combine(const recorded_case& c, recorded_options& options) {
  recorded_combine r;
  combine_problem& p = r.problem;
  const tensor& out = needed(c, "out_partial", 5);
  const tensor& lse = needed(c, "lse_partial", 4);
  p.num_splits = out.dim(0);
  p.b = out.dim(1);
  p.sq = out.dim(2);
  p.hq = out.dim(3);
  p.dv = out.dim(4);
  p.gap = options.integer("gap", 0);
  options.only_said({"empty_percent"});
  const std::pair<const char*, std::int64_t> said[] = {{"batch_size", p.b},
                                                       {"num_heads", p.hq},
                                                       {"num_splits", p.num_splits},
                                                       {"seqlen_q", p.sq},
                                                       {"head_dim_v", p.dv}};
  require_as_said(options, said);
  const std::int64_t rows[] = {p.num_splits, p.b, p.sq, p.hq};
  require_shape("lse_partial", &lse, rows);
  const auto type = dtype_from(options.word("out_dtype", "f32"));
  if (!type)
    throw bad_argument("out_dtype",
                       "expected f32, f16 or bf16, got \"" + options.word("out_dtype", "") + "\"");
  p.out_type = *type;
  take(c, {"out_partial"}, p.gap, r.inputs);
  tensor by_head = lse_by_head({p.num_splits, p.b, p.sq, p.hq});
  const auto values = lse.values();
  for (std::int64_t i = 0; i < lse.size(); ++i) {
    const std::int64_t index[] = {i / (p.b * p.sq * p.hq), i / (p.sq * p.hq) % p.b, i / p.hq % p.sq,
                                  i % p.hq};
    by_head.set_value(by_head.offset(index), values[static_cast<std::size_t>(i)]);
  }
  r.inputs.set("lse_partial", std::move(by_head));
  options.require_known(combine_tensors);
  return r;
}

}  // namespace plumbline::flash_decode
