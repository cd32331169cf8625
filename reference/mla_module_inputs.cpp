// The tensors of the module around mla's attention, and what is refused of them.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "reference/core/requirements.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

namespace {

using input_list = std::vector<input_spec>;

void add_weight(input_list& list, const char* name, dtype type, std::int64_t rows, std::int64_t columns) {
  list.push_back({name, type, {rows, columns}, 0, 0, {}, true});
  if (type != dtype::e4m3) return;
  const auto blocks = [](std::int64_t n) { return (n + weight_block - 1) / weight_block; };
  list.push_back({std::string(name) + "_scale", dtype::f32, {blocks(rows), blocks(columns)}, 0, 0, {}, true});
}

input_list inputs_of(const rms_norm_problem& p) {
  return {{"x", p.type, {p.tokens, p.dim}, p.gap}, {"weight", p.weight_type, {p.dim}}};
}

input_list inputs_of(const rotary_problem& p) {
  return {{"x", p.type, {p.b, p.sq, p.heads, p.d}, p.gap},
          {"cos", dtype::f32, {p.rotary_rows, p.d / 2}},
          {"sin", dtype::f32, {p.rotary_rows, p.d / 2}}};
}

std::vector<std::int64_t> token_rows(const project_problem& p, std::int64_t width) {
  if (p.kind == projection::linear) return {p.tokens, width};
  return {p.tokens, p.heads, width};
}

input_list inputs_of(const project_problem& p) {
  const projection_shape shape = shape_of(p);
  input_list list = {{"x", p.type, token_rows(p, shape.inner), p.gap}};
  add_weight(list, "weight", p.weight_type, shape.rows, shape.columns);
  return list;
}

input_list inputs_of(const write_cache_problem& p) {
  return {{"kv_c", p.type, {p.tokens, p.kv_lora_rank}, p.gap},
          {"k_pe", p.type, {p.tokens, p.qk_rope_head_dim}, p.gap},
          {"slot_mapping", dtype::i32, {p.tokens}, 0, 0, {}, true},
          {"k_cache",
           p.type,
           {p.num_pages, p.page_size, 1, p.kv_lora_rank + p.qk_rope_head_dim},
           p.gap,
           p.page_gap * (p.kv_lora_rank + p.qk_rope_head_dim + p.gap)}};
}

input_list inputs_of(const forward_problem& p) {
  const std::int64_t q = p.n_heads * p.qk_head_dim();
  input_list list = {{"x", p.type, {p.b, p.sq, p.dim}}};
  if (p.q_lora_rank > 0) {
    add_weight(list, "wq_a", p.weight_type, p.q_lora_rank, p.dim);
    list.push_back({"q_norm", p.type, {p.q_lora_rank}});
    add_weight(list, "wq_b", p.weight_type, q, p.q_lora_rank);
  } else {
    add_weight(list, "wq", p.weight_type, q, p.dim);
  }
  add_weight(list, "wkv_a", p.weight_type, p.kv_lora_rank + p.qk_rope_head_dim, p.dim);
  list.push_back({"kv_norm", p.type, {p.kv_lora_rank}});
  add_weight(list, "wkv_b", p.weight_type, p.n_heads * (p.qk_nope_head_dim + p.v_head_dim), p.kv_lora_rank);
  add_weight(list, "wo", p.weight_type, p.dim, p.n_heads * p.v_head_dim);
  for (const char* name : {"cos", "sin"})
    list.push_back({name, dtype::f32, {p.rotary_rows, p.qk_rope_head_dim / 2}});
  const auto cache = [&](const char* name, std::vector<std::int64_t> row) {
    row.insert(row.begin(), {p.max_batch_size, p.max_seq_len});
    list.push_back({name, p.cache_type, std::move(row)});
  };
  if (p.form == attention_form::naive) {
    cache("k_cache", {p.n_heads, p.qk_head_dim()});
    cache("v_cache", {p.n_heads, p.v_head_dim});
  } else {
    cache("kv_cache", {p.kv_lora_rank});
    cache("pe_cache", {p.qk_rope_head_dim});
  }
  return list;
}

}  // namespace

projection_shape shape_of(const project_problem& p) {
  if (p.kind == projection::linear) return {p.out_features, p.in_features, p.in_features, p.out_features};
  const std::int64_t rows = p.heads * (p.qk_nope_head_dim + p.v_head_dim);
  if (p.kind == projection::absorb_query) return {rows, p.kv_lora_rank, p.qk_nope_head_dim, p.kv_lora_rank};
  return {rows, p.kv_lora_rank, p.kv_lora_rank, p.v_head_dim};
}

double effective_scale(const forward_problem& p) {
  return p.softmax_scale > 0 ? p.softmax_scale : 1 / std::sqrt(static_cast<double>(p.qk_head_dim()));
}

void check(const rms_norm_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const rotary_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const project_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const write_cache_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  const tensor& slots = inputs.at("slot_mapping");
  std::set<std::int64_t> written;
  for (std::int64_t n = 0; n < p.tokens; ++n) {
    const auto slot = static_cast<std::int64_t>(slots.value(n));
    if (slot < -1 || slot >= p.num_pages * p.page_size)
      refuse("slot_mapping", fmt::format("token {}: expected -1 or a row in 0..{}, got {}", n,
                                         p.num_pages * p.page_size - 1, slot));
    if (slot >= 0 && !written.insert(slot).second)
      refuse("slot_mapping",
             fmt::format("token {}: expected a row that no other token is written to, got {}", n, slot));
  }
}

void check(const forward_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

tensor_set empty_inputs(const rms_norm_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const rotary_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const project_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const write_cache_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const forward_problem& p) { return check(p), lay_out(inputs_of(p)); }

tensor_set make_outputs(const rms_norm_problem& p) {
  tensor_set outputs;
  outputs.set("out", tensor(p.type, {p.tokens, p.dim}));
  return outputs;
}

tensor_set make_outputs(const rotary_problem& p) {
  tensor_set outputs;
  outputs.set("out", paged_rows(p.type, {p.b, p.sq, p.heads, p.d}, p.gap, 0));
  return outputs;
}

tensor_set make_outputs(const project_problem& p) {
  tensor_set outputs;
  outputs.set("out", paged_rows(p.type, token_rows(p, shape_of(p).outer), p.gap, 0));
  return outputs;
}

tensor_set make_outputs(const write_cache_problem&, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("k_cache", inputs.at("k_cache"));
  return outputs;
}

tensor_set make_outputs(const forward_problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("out", tensor(p.type, {p.b, p.sq, p.dim}));
  const auto step = [&](const char* name, std::vector<std::int64_t> token) {
    token.insert(token.begin(), {p.b, p.sq});
    outputs.set(name, tensor(p.type, std::move(token)));
  };
  if (p.q_lora_rank > 0)
    for (const char* name : {"q_down", "q_latent"}) step(name, {p.q_lora_rank});
  step("q", {p.n_heads, p.qk_head_dim()});
  step("q_pe", {p.n_heads, p.qk_rope_head_dim});
  step("kv", {p.kv_lora_rank + p.qk_rope_head_dim});
  step("latent", {p.kv_lora_rank});
  step("k_pe", {p.qk_rope_head_dim});
  if (p.form == attention_form::naive)
    step("kv_up", {p.n_heads, p.qk_nope_head_dim + p.v_head_dim});
  else
    for (const char* name : {"q_absorbed", "z"}) step(name, {p.n_heads, p.kv_lora_rank});
  outputs.set("lse", tensor(dtype::f32, {p.b, p.n_heads, p.sq}));
  step("attended", {p.n_heads, p.v_head_dim});
  for (const char* cache : {"k_cache", "v_cache", "kv_cache", "pe_cache"})
    if (inputs.has(cache)) outputs.set(cache, inputs.at(cache));
  return outputs;
}

}  // namespace plumbline::mla
