// The draft layer's attention and the draft model, in upstream's terms.
#include <algorithm>
#include <cmath>

#include "properties/dflash/upstream.hpp"
#include "reference/core/index.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/dflash.hpp"
#include "reference/dflash_model.hpp"

namespace plumbline::dflash {

namespace {

// A table whose halves are alike, as its first half: (.., d) to (.., d / 2).
tensor half_of(const tensor& table, const char* name) {
  std::vector<std::int64_t> shape(table.shape().begin(), table.shape().end());
  const std::int64_t d = shape.back(), half = d / 2;
  shape.back() = half;
  tensor to(table.type(), shape);
  for (std::int64_t i = 0; i < to.size(); ++i) {
    const std::int64_t first = i / half * d + i % half;
    if (table.code(first) != table.code(first + half))
      throw bad_argument(name, "expected a table whose halves are alike");
    to.set_code(i, table.code(first));
  }
  return to;
}

struct layer_call {
  project_problem project;
  attention_problem attention;
  tensor_set project_inputs, attention_inputs;  // q, k and v of the second are zero
};

layer_call call_of(upstream_source& from) {
  const tensor &hidden = from.at("hidden", 3), &context = from.at("context", 3);
  layer_call call;
  project_problem& p = call.project;
  p.type = hidden.type();
  p.b = hidden.dim(0), p.block_size = hidden.dim(1), p.hidden_size = hidden.dim(2);
  p.context_len = context.dim(1);
  p.hq = from.integer("num_heads"), p.hk = from.integer("num_heads_k"), p.d = from.integer("head_dim");
  p.has_bias = from.integer("attention_bias") != 0;
  p.eps = from.real("rms_norm_eps");
  call.project_inputs = empty_inputs(p);
  for (const auto& [ours, theirs] :
       {std::pair("hidden", "hidden"), std::pair("context", "context"), std::pair("wq", "q_proj_weight"),
        std::pair("wk", "k_proj_weight"), std::pair("wv", "v_proj_weight"), std::pair("bq", "q_proj_bias"),
        std::pair("bk", "k_proj_bias"), std::pair("bv", "v_proj_bias"), std::pair("q_norm", "q_norm_weight"),
        std::pair("k_norm", "k_norm_weight")})
    if (call.project_inputs.has(ours)) call.project_inputs.set(ours, from.at(theirs));
  for (const char* name : {"cos", "sin"}) call.project_inputs.set(name, half_of(from.at(name, 3), name));
  from.pass_over("position_ids");  // what cos and sin are tables of

  attention_problem& a = call.attention;
  a.type = p.type;
  a.b = a.batch_cache = p.b, a.block_size = p.block_size, a.hidden_size = p.hidden_size;
  a.hq = p.hq, a.hk = p.hk, a.d = p.d, a.has_bias = p.has_bias;
  const std::int64_t used = from.integer("cache_len");
  a.context_lens.assign(at(p.b), p.context_len), a.cache_seqlens.assign(at(p.b), used);
  a.capacity = used + p.new_rows();
  const double scale = from.real("softmax_scale");
  if (scale != effective_scale(a)) a.softmax_scale = scale;
  const tensor* mask = from.has("attention_mask") ? &from.at("attention_mask", 4) : nullptr;
  if (mask != nullptr) a.mask_batch = mask->dim(0), a.mask_rows = mask->dim(2);
  tensor_set& inputs = call.attention_inputs = empty_inputs(a);
  inputs.set("wo", from.at("o_proj_weight", 2));
  if (a.has_bias) inputs.set("bo", from.at("o_proj_bias", 1));
  for (const auto& [cache, past] : {std::pair("k_cache", "past_key"), std::pair("v_cache", "past_value")}) {
    if (used == 0) continue;
    const tensor& rows = from.at(past, 4);
    const std::int64_t width = p.hk * p.d;
    for (std::int64_t i = 0; i < rows.size(); ++i)
      inputs.at(cache).set_code(i / (used * width) * a.capacity * width + i % (used * width), rows.code(i));
  }
  constexpr double hides = -1000;  // e^-1000 is 0 beside any score
  for (std::int64_t i = 0; mask != nullptr && i < mask->size(); ++i) {
    const double x = mask->value(i);
    if (x != 0 && !(x <= hides)) throw bad_argument("attention_mask", "expected 0, or a number below -1000");
    inputs.at("mask").set_value(i, x == 0 ? 1 : 0);
  }
  return call;
}

// All that a layer makes, of rows that need not be numbers of its type.
struct layer_results {
  new_rows rows;
  std::vector<double> out;
};
layer_results results_of(const layer_call& call, const tensor_set& inputs) {
  const auto rotated = [&](projected which) {
    const auto raw = project_step(call.project, inputs, which).out;
    return rotate_step(call.project, inputs, which, norm_step(call.project, inputs, which, raw)).out;
  };
  layer_results all{
      {rotated(projected::q), rotated(projected::k), project_step(call.project, inputs, projected::v).out},
      {}};
  all.out = layer(call.attention, call.attention_inputs, all.rows).out;
  return all;
}

tensor in_double(const tensor& from, std::vector<double> values) {
  tensor to(dtype::f64, {from.shape().begin(), from.shape().end()});
  for (std::size_t i = 0; i < values.size(); ++i) to.set_value(static_cast<std::int64_t>(i), values[i]);
  return to;
}

}  // namespace

std::vector<recorded_case> upstream_layer_calls(upstream_source& from) {
  layer_call call = call_of(from);
  const new_rows rows = results_of(call, call.project_inputs).rows;
  for (const auto& [name, values] :
       {std::pair("q", &rows.q), std::pair("k", &rows.k), std::pair("v", &rows.v)})
    for (std::size_t i = 0; i < values->size(); ++i)
      call.attention_inputs.at(name).set_value(static_cast<std::int64_t>(i), (*values)[i]);
  std::vector<recorded_case> all = {from.call("project", to_text(call.project)),
                                    from.call("attention", to_text(call.attention))};
  all[0].tensors = std::move(call.project_inputs);
  all[1].tensors = std::move(call.attention_inputs);
  return all;
}

external_judgement judge_upstream_layer(const recorded_case& c, upstream_source& from) {
  const layer_call call = call_of(from);
  check(call.project, call.project_inputs);
  tensor_set moved = call.project_inputs;
  for (const char* name : {"hidden", "context"})
    moved.set(name, in_double(moved.at(name), moved_a_little(moved.at(name).values(), name)));
  const layer_results ours = results_of(call, call.project_inputs), other = results_of(call, moved);
  const auto terms = static_cast<double>(
      std::max({call.project.hidden_size, call.project.hq * call.project.d, call.attention.capacity}));
  const external_judgement found[] = {
      held_in_double(c, from.at("expected_new_key", 4),
                     {"expected_new_key", ours.rows.k, other.rows.k, sums_of_keys, terms}),
      held_in_double(c, from.at("expected_new_value", 4),
                     {"expected_new_value", ours.rows.v, other.rows.v, 1, terms}),
      held_in_double(c, from.at("expected_out", 3),
                     {"expected_out", ours.out, other.out, sums_of_a_layer, terms})};
  return worst(c, found);
}

external_judgement judge_upstream_model(const recorded_case& c, upstream_source& from) {
  decoder_shape shape;
  shape.layers = from.integer("num_layers"), shape.hidden_size = from.integer("hidden_size");
  shape.hq = from.integer("num_heads"), shape.hk = from.integer("num_heads_k"),
  shape.d = from.integer("head_dim");
  shape.eps = from.real("rms_norm_eps");
  for (const auto& [name, value] : c.tensors)
    if (name.ends_with("_weight")) from.at(name.c_str());
  const decoder model(c.tensors, "", shape);
  decoder_cache cache, moved_cache;
  std::vector<external_judgement> found;
  const std::int64_t width = shape.hk * shape.d, block = from.integer("block_size");
  double terms = static_cast<double>(std::max(from.integer("intermediate_size"), shape.hq * shape.d));
  for (std::int64_t step = 0; step < from.integer("steps"); ++step) {
    const std::string before = "step" + std::to_string(step) + "_";
    const auto of = [&](const std::string& name) -> const tensor& {
      return from.at((before + name).c_str());
    };
    const rotary_rows rotary = {half_of(of("cos"), "cos").values(), half_of(of("sin"), "sin").values()};
    from.pass_over((before + "position_ids").c_str());
    const std::vector<double> features = of("target_hidden").values(), rows = of("noise_embedding").values();
    const std::int64_t held = cache.rows;
    terms = std::max(terms, static_cast<double>(of("target_hidden").dim(2)));
    const auto run = [&](const std::vector<double>& context, const std::vector<double>& block_rows,
                         decoder_cache& into) {
      return model.forward(block_rows, model.context_of(context), rotary, false, into);
    };
    const std::vector<double> hidden = run(features, rows, cache);
    const std::vector<double> moved = run(moved_a_little(features, before + "features"),
                                          moved_a_little(rows, before + "rows"), moved_cache);
    const double sums = (sums_of_a_layer + 4) * static_cast<double>(shape.layers) + 4;
    const auto look = [&](const std::string& name, std::vector<double> ours, std::vector<double> other) {
      found.push_back(
          held_in_double(c, of(name), {before + name, std::move(ours), std::move(other), sums, terms}));
    };
    look("expected_hidden", hidden, moved);
    const auto fresh = [&](const std::vector<std::vector<double>>& layers) {
      std::vector<double> all;
      for (const std::vector<double>& layer : layers)
        all.insert(all.end(), layer.begin() + held * width, layer.end());
      return all;
    };
    look("expected_new_key", fresh(cache.k), fresh(moved_cache.k));
    look("expected_new_value", fresh(cache.v), fresh(moved_cache.v));
    const auto logits_of = [&](std::vector<double> all) {
      all.erase(all.begin(), all.begin() + shape.hidden_size);  // the known token's
      return model.times(all, "lm_head");
    };
    const std::vector<double> logits = logits_of(hidden);
    look("expected_draft_logits", logits, logits_of(moved));
    disagreement d;
    const tensor& tokens = of("expected_draft_tokens");
    const std::size_t vocabulary = logits.size() / at(block - 1);
    for (std::int64_t i = 0; i + 1 < block; ++i)
      d.look(tokens.value(i),
             static_cast<double>(first_largest(std::span(logits).subspan(at(i) * vocabulary, vocabulary))), 0,
             before + "expected_draft_tokens, element " + std::to_string(i));
    const std::int64_t committed = cache.rows - block;
    crop(cache, shape, committed), crop(moved_cache, shape, committed);
    d.look(of("expected_cache_len_after_crop").value(0), static_cast<double>(cache.rows), 0,
           before + "expected_cache_len_after_crop");
    found.push_back(d.conclude(c));
  }
  return worst(c, found);
}

}  // namespace plumbline::dflash
