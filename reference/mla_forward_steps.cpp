// The steps of a forward as problems of the other functions.
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

constexpr std::int64_t page = 64;

project_problem linear_step(const forward_problem& p, std::int64_t in, std::int64_t out) {
  project_problem step;
  step.kind = projection::linear;
  step.type = p.type, step.weight_type = p.weight_type;
  step.tokens = p.b * p.sq;
  step.in_features = in, step.out_features = out;
  return step;
}

project_problem absorbed_step(const forward_problem& p, projection kind) {
  project_problem step;
  step.kind = kind;
  step.type = p.type, step.weight_type = p.weight_type;
  step.tokens = p.b * p.sq, step.heads = p.n_heads;
  step.qk_nope_head_dim = p.qk_nope_head_dim, step.v_head_dim = p.v_head_dim;
  step.kv_lora_rank = p.kv_lora_rank;
  return step;
}

rms_norm_problem norm_step(const forward_problem& p, std::int64_t dim) {
  return {.type = p.type, .weight_type = p.type, .tokens = p.b * p.sq, .dim = dim, .eps = p.eps};
}

rotary_problem rotary_step(const forward_problem& p, std::int64_t heads) {
  return {.type = p.type,
          .b = p.b,
          .sq = p.sq,
          .heads = heads,
          .d = p.qk_rope_head_dim,
          .start_pos = p.start_pos,
          .rotary_rows = p.rotary_rows};
}

}  // namespace

forward_steps steps_of(const forward_problem& p) {
  const std::int64_t q = p.n_heads * p.qk_head_dim();
  forward_steps steps;
  steps.q_down = linear_step(p, p.dim, p.q_lora_rank);
  steps.q_norm = norm_step(p, p.q_lora_rank);
  steps.q = linear_step(p, p.q_lora_rank > 0 ? p.q_lora_rank : p.dim, q);
  steps.q_rotary = rotary_step(p, p.n_heads);
  steps.kv = linear_step(p, p.dim, p.kv_lora_rank + p.qk_rope_head_dim);
  steps.kv_norm = norm_step(p, p.kv_lora_rank);
  steps.k_rotary = rotary_step(p, 1);
  steps.up = linear_step(p, p.kv_lora_rank, p.n_heads * (p.qk_nope_head_dim + p.v_head_dim));
  steps.absorb_query = absorbed_step(p, projection::absorb_query);
  steps.absorb_output = absorbed_step(p, projection::absorb_output);
  steps.out = linear_step(p, p.n_heads * p.v_head_dim, p.dim);
  return steps;
}

prefill_problem attention_by_head(const forward_problem& p) {
  prefill_problem step;
  step.type = p.type;
  step.b = p.b, step.sq = p.sq;
  step.hq = step.hk = p.n_heads;
  step.d = p.qk_head_dim(), step.dv = p.v_head_dim;
  step.capacity = p.max_seq_len;
  step.cache_seqlens.assign(static_cast<std::size_t>(p.b), p.end_pos());
  step.softmax_scale = effective_scale(p);
  step.causal = p.causal;
  return step;
}

decode_problem attention_of_latents(const forward_problem& p) {
  decode_problem step;
  step.type = p.type;
  step.b = p.b, step.sq = p.sq;
  step.hq = p.n_heads;
  step.d = p.kv_lora_rank + p.qk_rope_head_dim, step.dv = p.kv_lora_rank;
  step.page_size = page;
  step.max_pages = (p.end_pos() + page - 1) / page;
  step.num_pages = p.b * step.max_pages;
  step.cache_seqlens.assign(static_cast<std::size_t>(p.b), p.end_pos());
  step.softmax_scale = effective_scale(p);
  step.causal = p.causal;
  return step;
}

}  // namespace plumbline::mla
