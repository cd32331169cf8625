// DeepSeek's module as it was recorded: both forms, run in double, fp32, bf16, and with products of codes.
//
// Upstream holds what went in and what came out, no step between, so the chain is judged as a whole: a result
// may lie K standard deviations from the truth, of which module_noise.hpp says how large one is for a module
// that rounds so.  A double result is one of two, ours being the other: their deviations add in quadrature.
// Where the budget is wider than the data, nothing was held, and the case is mistrusted.
//
// Rows in front of start_pos are those that the case holds; a form whose rows it does not hold reads what our
// own first forward of x_previous leaves, which is also held against the rows that are there.
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "properties/external_case.hpp"
#include "properties/judge/constants.hpp"
#include "properties/mla/module_noise.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/upstream.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::mla {

namespace {

// What follows the name of a result, and how such a module rounds.
struct way {
  const char* suffix;
  module_rounding rounding;
};
constexpr way ways[] = {{"", {0x1p-53, 0x1p-53}},
                        {"_float32", {0x1p-24, 0x1p-24}},
                        {"_bfloat16", {0x1p-8, 0x1p-24}},
                        {"_bfloat16_gemm_fp8", {0x1p-8, 0x1p-24, true}}};

std::string result_of(attention_form form) {
  return form == attention_form::naive ? "expected_output_naive" : "expected_output_absorb";
}

// A cache of the call, and what fills its rows: a tensor of the case, or a result of a first forward.
struct cache_source {
  const char *cache, *before, *expected;
  std::vector<double> forward_truth::*made;
  std::vector<double> module_results::*result;
};
constexpr cache_source naive_caches[] = {
    {"k_cache", "k_cache_before", "expected_k_cache_new", &forward_truth::k_new, &module_results::k_new},
    {"v_cache", "v_cache_before", "expected_v_cache_new", &forward_truth::v_new, &module_results::v_new}};
constexpr cache_source absorb_caches[] = {
    {"kv_cache", "kv_cache_before", "expected_kv_cache_new", &forward_truth::latent, &module_results::latent},
    {"pe_cache", "pe_cache_before", "expected_pe_cache_new", &forward_truth::k_pe, &module_results::k_pe}};

std::span<const cache_source> caches_of(attention_form form) {
  if (form == attention_form::naive) return naive_caches;
  return absorb_caches;
}

forward_problem problem_of(upstream_source& from, attention_form form) {
  const tensor& x = from.at("x", 3);
  forward_problem p;
  p.form = form;
  p.type = p.cache_type = x.type();
  p.weight_type = from.at("wo", 2).type();
  p.b = x.dim(0), p.sq = x.dim(1), p.dim = x.dim(2);
  p.start_pos = from.integer("start_pos");
  p.n_heads = from.integer("n_heads");
  p.q_lora_rank = from.integer("q_lora_rank"), p.kv_lora_rank = from.integer("kv_lora_rank");
  p.qk_nope_head_dim = from.integer("qk_nope_head_dim");
  p.qk_rope_head_dim = from.integer("qk_rope_head_dim"), p.v_head_dim = from.integer("v_head_dim");
  p.max_batch_size = p.b, p.max_seq_len = from.integer("max_seq_len");
  p.rotary_rows = from.at("cos", 2).dim(0);
  p.softmax_scale = from.real("softmax_scale"), p.eps = from.real("rms_norm_eps");
  p.causal = from.has("mask") && is_causal(from.at("mask", 2), p.sq, p.start_pos);
  for (const cache_source& one : caches_of(form))
    if (p.start_pos > 0) p.cache_type = from.has(one.before) ? from.at(one.before).type() : dtype::f64;
  check(p);
  return p;
}

// Every input but the caches, whose rows hold NaN.  `x`: the name of the tokens in the case.
tensor_set inputs_of(upstream_source& from, const forward_problem& p, const char* x) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, value] : inputs) {
    const std::vector<std::int64_t> shape(value.shape().begin(), value.shape().end());
    if (name.find("_cache") == std::string::npos)
      value = reshaped(from.at(name == "x" ? x : name.c_str(), value.rank()), shape);
    else
      for (std::int64_t i = 0; i < value.size(); ++i)
        value.set_value(i, std::numeric_limits<double>::quiet_NaN());
  }
  return inputs;
}

// The forward of the tokens in front of start_pos, whose rows of the caches the call reads.
struct first_forward {
  forward_problem problem;
  tensor_set inputs;
  forward_truth truth;
};
first_forward before_of(upstream_source& from, forward_problem p) {
  p.sq = p.start_pos, p.start_pos = 0, p.causal = true, p.cache_type = p.type;
  first_forward first{p, inputs_of(from, p, "x_previous"), {}};
  first.truth = forward(p, first.inputs, {}, {0, false, 0});
  return first;
}

void fill_rows(tensor& cache, const forward_problem& p, const std::vector<double>& rows) {
  const std::int64_t width = cache.size() / (p.b * p.max_seq_len);
  if (static_cast<std::int64_t>(rows.size()) != p.b * p.start_pos * width)
    throw bad_argument("x_previous", "expected as many rows of the caches as start_pos");
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t i = 0; i < p.start_pos * width; ++i)
      cache.set_value(s * p.max_seq_len * width + i,
                      rows[static_cast<std::size_t>(s * p.start_pos * width + i)]);
}

// Both caches of a form; rows that the case does not hold are those of `first`.
void fill_caches(upstream_source& from, const forward_problem& p, tensor_set& inputs,
                 const forward_truth* first) {
  for (const cache_source& one : caches_of(p.form)) {
    if (p.start_pos == 0) continue;
    if (from.has(one.before)) {
      fill_rows(inputs.at(one.cache), p, from.at(one.before).values());
    } else {
      if (first == nullptr) throw bad_argument(one.before, "expected a tensor of this name, or x_previous");
      fill_rows(inputs.at(one.cache), p, first->*one.made);
    }
  }
}

struct module_call {
  forward_problem problem;
  tensor_set inputs;
  std::optional<first_forward> first;
};
module_call call_of(upstream_source& from, attention_form form) {
  module_call call{problem_of(from, form), {}, {}};
  const forward_problem& p = call.problem;
  call.inputs = inputs_of(from, p, "x");
  const bool by_head = form == attention_form::naive;  // keys of each head: nothing of latents is held
  if (p.start_pos > 0 && (by_head || from.has("x_previous"))) call.first = before_of(from, p);
  fill_caches(from, p, call.inputs, call.first ? &call.first->truth : nullptr);
  return call;
}

// Values against ours, each within K deviations; `sides`: how many of the two round as `deviation` says.
external_judgement held(const recorded_case& c, const tensor& theirs, const std::vector<double>& ours,
                        const std::vector<double>& deviation, double sides, const std::string& name) {
  const std::vector<double> values = theirs.values();
  if (values.size() != ours.size())
    throw bad_argument(
        name, "expected " + counted(ours.size(), "element") + ", got " + std::to_string(values.size()));
  const double K = judging::element_threshold.at(static_cast<double>(ours.size())) * std::sqrt(sides);
  disagreement d;
  double budget = 0, size = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    d.look(values[i], ours[i], K * deviation[i], name + ", element " + std::to_string(i));
    budget += K * deviation[i] * K * deviation[i], size += ours[i] * ours[i];
  }
  external_judgement found = d.conclude(c);
  if (found.result == outcome::pass && !(budget < size))
    found.result = outcome::mistrusted, found.message = name + ": the budget is wider than the data";
  return found;
}

void judge_form(const recorded_case& c, upstream_source& from, attention_form form,
                std::vector<external_judgement>& found) {
  const module_call call = call_of(from, form);
  const forward_problem& p = call.problem;
  const forward_truth truth = forward(p, call.inputs, {}, {0, false, 0});
  const tensor* before = call.first ? &call.first->inputs.at("x") : nullptr;
  for (const way& one : ways) {
    const std::string name = result_of(form) + one.suffix;
    const bool in_double = one.rounding.stored == 0x1p-53;
    if (!from.has(name)) continue;
    const module_results sd = module_deviation(p, call.inputs, before, one.rounding);
    const double sides = in_double ? 2 : 1;
    found.push_back(held(c, from.at(name.c_str(), 3), truth.out, sd.out, sides, name));
    for (const cache_source& cache : caches_of(form))
      if (in_double && from.has(cache.expected))
        found.push_back(
            held(c, from.at(cache.expected), truth.*cache.made, sd.*cache.result, sides, cache.expected));
  }
  if (!call.first) return;
  const module_results sd =
      module_deviation(call.first->problem, call.first->inputs, nullptr, ways[0].rounding);
  for (const cache_source& cache : caches_of(form))
    if (from.has(cache.before))
      found.push_back(
          held(c, from.at(cache.before), call.first->truth.*cache.made, sd.*cache.result, 2, cache.before));
}

// The scale that follows from the options of the model.
external_judgement held_scale(const recorded_case& c, upstream_source& from) {
  const double ours = model_softmax_scale(from.integer("qk_nope_head_dim") + from.integer("qk_rope_head_dim"),
                                          from.integer("max_seq_len"), from.integer("original_seq_len"),
                                          from.real("rope_factor"), from.real("mscale"));
  disagreement d;  // a root, a logarithm and four products
  d.look(from.real("softmax_scale"), ours, 0x1p-50 * ours, "softmax_scale");
  return d.conclude(c);
}

constexpr attention_form forms[] = {attention_form::naive, attention_form::absorb};

}  // namespace

bool is_causal(const tensor& mask, std::int64_t sq, std::int64_t start_pos) {
  const std::int64_t keys = start_pos + sq;
  if (mask.rank() != 2 || mask.dim(0) != sq || mask.dim(1) != keys)
    throw bad_argument("mask", "expected (" + std::to_string(sq) + ", " + std::to_string(keys) +
                                   "): a column for every key");
  const std::vector<double> values = mask.values();
  for (std::int64_t i = 0; i < sq; ++i)
    for (std::int64_t j = 0; j < keys; ++j)
      if (values[static_cast<std::size_t>(i * keys + j)] != (j <= start_pos + i ? 0 : -INFINITY))
        throw bad_argument("mask", "expected 0 for keys up to the query's own, -inf behind it");
  return true;
}

std::vector<recorded_case> upstream_module_calls(upstream_source& from) {
  std::vector<recorded_case> calls;
  for (const attention_form form : forms) {
    if (!from.has(result_of(form))) continue;
    module_call call = call_of(from, form);
    calls.push_back(from.call("forward", to_text(call.problem)));
    calls.back().tensors = std::move(call.inputs);
  }
  return calls;
}

external_judgement judge_upstream_module(const recorded_case& c) {
  upstream_source from(c, "mla");
  std::vector<external_judgement> found = {held_scale(c, from)};
  for (const attention_form form : forms)
    if (from.has(result_of(form))) judge_form(c, from, form, found);
  from.require_all_taken();
  return worst(c, found);
}

}  // namespace plumbline::mla
