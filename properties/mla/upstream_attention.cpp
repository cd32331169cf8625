// Recorded attentions of upstream: their calls in our terms, and what they returned.
//
// Their functions compute in fp32 from end to end and round once, which is a contract: scores, P and sums in
// fp32.  The same functions widened to double give a truth; two of those differ by the slack of
// laws/double_precision.hpp.  A sink leaves the share f = 1 / (1 + exp(sink - lse)) of the weight to the
// keys; an error of lse or of the difference moves it by (1 - f) as much of the output.
#include <array>
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/laws/double_precision.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/upstream.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla.hpp"

namespace plumbline::mla {

namespace {

std::vector<std::int64_t> numbers(const tensor& t) {
  std::vector<std::int64_t> all;
  for (const double x : t.values()) all.push_back(static_cast<std::int64_t>(x));
  return all;
}

// The same integers under another shape; upstream's lists may have 64 bits.
tensor as_i32(const tensor& from, std::vector<std::int64_t> shape) {
  tensor to(dtype::i32, std::move(shape));
  const std::vector<double> all = from.values();
  if (static_cast<std::int64_t>(all.size()) != to.size())
    throw bad_argument("case", "expected a list of another shape");
  for (std::size_t i = 0; i < all.size(); ++i) to.set_value(static_cast<std::int64_t>(i), all[i]);
  return to;
}

recorded_case dense_call(upstream_source& from) {
  const tensor &q = from.at("q", 4), &cache = from.at("k_cache", 4), &table = from.at("block_table", 2);
  decode_problem p;
  p.type = q.type();
  p.b = q.dim(0), p.sq = q.dim(1), p.hq = q.dim(2), p.d = q.dim(3);
  p.num_pages = cache.dim(0), p.page_size = cache.dim(1), p.hk = cache.dim(2);
  p.dv = from.integer("head_dim_v");
  p.max_pages = table.dim(1);
  p.cache_seqlens = numbers(from.at("cache_seqlens", 1));
  p.softmax_scale = from.real("softmax_scale");
  p.causal = from.integer("causal") != 0;
  recorded_case call = from.call("decode", to_text(p));
  for (const char* name : {"q", "k_cache", "block_table", "cache_seqlens"})
    call.tensors.set(name, from.at(name));
  return call;
}

kv_format format_of(const std::string& said) {
  if (said == "V3.2, 656-byte rows") return kv_format::v32;
  if (said == "MODEL1, 584 bytes a token") return kv_format::model1;
  throw bad_argument(
      "kv_cache_format",
      "expected \"V3.2, 656-byte rows\" or \"MODEL1, 584 bytes a token\", got \"" + said + "\"");
}

// Tensors in the shapes of the call: pages as rows of bytes.
void take(recorded_case& call, const decode_indices_problem& p, const char* name, const tensor& from) {
  const tensor_set made = empty_inputs(p);
  const auto shape = made.at(name).shape();
  call.tensors.set(name, reshaped(from, {shape.begin(), shape.end()}));
}

recorded_case sparse_call(upstream_source& from) {
  const tensor &q = from.at("q", 4), &indices = from.at("indices", 3);
  decode_indices_problem p;
  p.type = q.type();
  p.b = q.dim(0), p.sq = q.dim(1), p.hq = q.dim(2), p.d = q.dim(3);
  p.dv = from.integer("head_dim_v");
  p.format = format_of(from.word("kv_cache_format"));
  p.qk_rope_head_dim = 64;
  p.page_size = from.integer("page_block_size"), p.num_pages = from.integer("num_blocks");
  p.topk = indices.dim(2);
  p.has_sink = from.has("attn_sink");
  p.softmax_scale = from.real("softmax_scale");
  if (from.has("topk_length")) p.topk_length = numbers(from.at("topk_length", 1));
  const bool second = from.has("extra_indices");
  if (second) {
    p.extra_topk = from.at("extra_indices", 3).dim(2);
    p.extra_page_size = from.integer("extra_page_block_size");
    p.extra_num_pages = from.at("extra_k_cache").dim(0);
    if (from.has("extra_topk_length")) p.extra_topk_length = numbers(from.at("extra_topk_length", 1));
  }
  recorded_case call = from.call("decode_indices", to_text(p));
  for (const char* name : {"q", "indices", "attn_sink", "topk_length", "extra_indices", "extra_topk_length"})
    if (from.has(name)) call.tensors.set(name, from.at(name));
  take(call, p, "k_cache", from.at("k_cache"));
  if (second) take(call, p, "extra_k_cache", from.at("extra_k_cache"));
  return call;
}

// vLLM's two lists are into one cache, and a token is a sequence of one query.
recorded_case sink_call(upstream_source& from) {
  const tensor &q = from.at("q", 3), &near = from.at("window_slots", 2),
               &far = from.at("compressed_slots", 2);
  const tensor& cache = from.at("k_cache", 2);
  decode_indices_problem p;
  p.type = q.type();
  p.b = q.dim(0), p.sq = 1, p.hq = q.dim(1), p.d = q.dim(2);
  p.dv = from.integer("head_dim_v");
  p.format = format_of(from.word("kv_cache_format"));
  p.qk_rope_head_dim = 64;
  p.page_size = p.extra_page_size = from.integer("page_block_size");
  p.num_pages = p.extra_num_pages = cache.dim(0);
  p.topk = near.dim(1), p.extra_topk = far.dim(1);
  p.has_sink = true;
  p.softmax_scale = from.real("softmax_scale");
  recorded_case call = from.call("decode_indices", to_text(p));
  call.tensors.set("q", reshaped(q, {p.b, 1, p.hq, p.d}));
  call.tensors.set("indices", as_i32(near, {p.b, 1, p.topk}));
  call.tensors.set("extra_indices", as_i32(far, {p.b, 1, p.extra_topk}));
  call.tensors.set("attn_sink", from.at("attn_sink"));
  for (const char* name : {"k_cache", "extra_k_cache"}) take(call, p, name, cache);
  return call;
}

recorded_case prefill_call(upstream_source& from) {
  const tensor &q = from.at("q", 3), &kv = from.at("kv", 3), &indices = from.at("indices", 3);
  prefill_indices_problem p;
  p.type = q.type();
  p.sq = q.dim(0), p.hq = q.dim(1), p.d = q.dim(2);
  p.dv = from.integer("head_dim_v");
  p.skv = kv.dim(0), p.topk = indices.dim(2);
  p.has_sink = from.has("attn_sink");
  p.softmax_scale = from.real("softmax_scale");
  if (from.has("topk_length")) p.topk_length = numbers(from.at("topk_length", 1));
  recorded_case call = from.call("prefill_indices", to_text(p));
  for (const char* name : {"q", "kv", "indices", "topk_length", "attn_sink"})
    if (from.has(name)) call.tensors.set(name, from.at(name));
  return call;
}

struct translator {
  std::string_view group;
  recorded_case (*call)(upstream_source&);
};
constexpr translator translators[] = {{"flash_mla_dense_decode", dense_call},
                                      {"flash_mla_sparse_decode", sparse_call},
                                      {"sparse_decode_with_sink", sink_call},
                                      {"flash_mla_sparse_prefill", prefill_call}};

// What a group holds of results: names behind expected_, and what follows them in the recorded name.
constexpr std::string_view results[] = {"out", "lse", "max_logits"};

tensor_set results_in(upstream_source& from, const tensor_set& made, const std::string& suffix) {
  tensor_set found;
  for (const std::string_view name : results) {
    const std::string recorded = "expected_" + std::string(name) + suffix;
    if (!from.has(recorded)) continue;
    const tensor* like = made.find(name);
    if (like == nullptr) throw bad_argument(recorded, "this call returns no " + std::string(name));
    found.set(std::string(name),
              reshaped(from.at(recorded.c_str()), {like->shape().begin(), like->shape().end()}));
  }
  return found;
}

contract all_in_float(dtype in, dtype out) {
  attention_promise how;
  how.acc_qk = how.acc_pv = accumulation::f32;
  how.p_type = dtype::f32;
  return {"upstream's fp32", in, out, how};
}

std::vector<double> largest_logits(const prefill_indices_problem& p, const tensor_set& inputs) {
  return prefill_indices(p, inputs, {}).max_logits;
}
template <class Problem>
std::vector<double> largest_logits(const Problem&, const tensor_set&) {
  return {};
}

template <class Problem>
external_judgement held_in_double(const recorded_case& c, const material<Problem>& m,
                                  const tensor_set& theirs) {
  const Problem& p = m.problem;
  const auto units = units_of(p, m.inputs);
  const auto truth = attention_truth_of(p, m.inputs, all_in_float(p.type, p.type));
  const auto logits = largest_logits(p, m.inputs);
  std::array<std::vector<double>, 3> values;
  for (std::size_t n = 0; n < values.size(); ++n)
    if (const tensor* t = theirs.find(results[n])) values[n] = t->values();
  const auto& [out, lse, largest] = values;
  disagreement d;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const laws::evaluation_slack slack = laws::slack_of(units[u], 0x1p-53);
    for (std::int64_t row = 0; row < truth[u].rows; ++row) {
      const row_place at = place_of(p, u, row);
      const auto r = static_cast<std::size_t>(row), here = static_cast<std::size_t>(at.lse);
      const double l = truth[u].lse[r], f = truth[u].row_facts[r].sink_factor;
      if (!lse.empty()) d.look(lse[here], l, slack.lse(l), name_of(at) + ", lse");
      if (!largest.empty())
        d.look(largest[here], logits[here], slack.lse(logits[here]), name_of(at) + ", max_logits");
      const bool shared = f > 0 && f < 1;
      const double of_sink =
          shared ? (1 - f) * (slack.lse(l) + 0x1p-51 * (1 + std::fabs(l) + std::fabs(units[u].sink[r]))) : 0;
      for (std::int64_t col = 0; col < p.dv && !out.empty(); ++col) {
        const auto e = static_cast<std::size_t>(row * p.dv + col);
        const double ours = truth[u].out[e];
        d.look(out[static_cast<std::size_t>(at.out_row * p.dv + col)], ours,
               slack.out(truth[u].S1[e], ours) + of_sink * std::fabs(ours),
               name_of(at) + ", column " + std::to_string(col));
      }
    }
  }
  return d.conclude(c);
}

template <class Problem>
external_judgement judge_call(const recorded_case& c, upstream_source& from, const material<Problem>& m) {
  check(m.problem, m.inputs);
  const tensor_set made = make_outputs(m.problem);
  std::vector<external_judgement> found;
  for (const char* suffix : {"", "_float32"}) {
    const tensor_set outputs = results_in(from, made, suffix);
    if (outputs.empty()) continue;
    const contract how = all_in_float(m.problem.type, outputs.at("out").type());
    found.push_back(as_outputs(c, judge_outputs(m.problem, how, m.inputs, outputs)));
    found.back().kind = "expected";
  }
  if (const tensor_set theirs = results_in(from, made, "_float64"); !theirs.empty())
    found.push_back(held_in_double(c, m, theirs));
  from.require_all_taken();
  return worst(c, found);
}

}  // namespace

bool is_upstream_attention(std::string_view group) {
  for (const translator& one : translators)
    if (one.group == group) return true;
  return false;
}

recorded_case upstream_attention_call(upstream_source& from) {
  for (const translator& one : translators)
    if (one.group == from.group()) return one.call(from);
  throw bad_argument("case", "expected a group of an upstream attention");
}

external_judgement judge_upstream_attention(const recorded_case& c) {
  upstream_source from(c, "mla");
  const recorded_case call = upstream_attention_call(from);
  if (call.function == "decode") return judge_call(c, from, read_decode(call));
  if (call.function == "prefill_indices") return judge_call(c, from, read_prefill_indices(call));
  return judge_call(c, from, read_decode_indices(call));
}

}  // namespace plumbline::mla
