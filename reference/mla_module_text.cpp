// Problems of the module around mla's attention as one line of text, and back.
#include "reference/core/described.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

template <class Way>
void describe(Way& way, rms_norm_problem& p) {
  const rms_norm_problem usual;
  way.type("dtype", p.type, usual.type);
  way.type("weight_type", p.weight_type, p.type);
  way.number("tokens", p.tokens, usual.tokens);
  way.number("dim", p.dim, usual.dim);
  way.real("eps", p.eps, usual.eps);
  way.number("gap", p.gap, 0);
}

template <class Way>
void describe(Way& way, rotary_problem& p) {
  const rotary_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("heads", p.heads, usual.heads);
  way.number("d", p.d, usual.d);
  way.number("start_pos", p.start_pos, 0);
  way.number("rotary_rows", p.rotary_rows, p.start_pos + p.sq);
  way.number("gap", p.gap, 0);
}

template <class Way>
void describe(Way& way, project_problem& p) {
  constexpr std::string_view kinds[] = {"linear", "absorb_query", "absorb_output"};
  const project_problem usual;
  way.word("kind", p.kind, usual.kind, kinds);
  way.type("dtype", p.type, usual.type);
  way.type("weight_type", p.weight_type, p.type);
  way.number("tokens", p.tokens, usual.tokens);
  if (p.kind == projection::linear) {
    way.number("in_features", p.in_features, 1);
    way.number("out_features", p.out_features, 1);
  } else {
    way.number("heads", p.heads, usual.heads);
    way.number("qk_nope_head_dim", p.qk_nope_head_dim, usual.qk_nope_head_dim);
    way.number("v_head_dim", p.v_head_dim, usual.v_head_dim);
    way.number("kv_lora_rank", p.kv_lora_rank, usual.kv_lora_rank);
  }
  way.number("gap", p.gap, 0);
}

template <class Way>
void describe(Way& way, write_cache_problem& p) {
  const write_cache_problem usual;
  way.type("dtype", p.type, usual.type);
  way.number("tokens", p.tokens, usual.tokens);
  way.number("kv_lora_rank", p.kv_lora_rank, usual.kv_lora_rank);
  way.number("qk_rope_head_dim", p.qk_rope_head_dim, usual.qk_rope_head_dim);
  way.number("page_size", p.page_size, usual.page_size);
  way.number("num_pages", p.num_pages,
             p.page_size > 0 ? p.tokens / p.page_size + (p.tokens % p.page_size != 0) : 0);
  way.number("gap", p.gap, 0);
  way.number("page_gap", p.page_gap, 0);
  way.number("skip_percent", p.skip_percent, 0);
}

template <class Way>
void describe(Way& way, forward_problem& p) {
  constexpr std::string_view forms[] = {"naive", "absorb"};
  const forward_problem usual;
  way.word("form", p.form, usual.form, forms);
  way.type("dtype", p.type, usual.type);
  way.type("weight_type", p.weight_type, p.type);
  way.type("cache_type", p.cache_type, p.type);
  describe_batch(way, p.b);
  way.number("sq", p.sq, usual.sq);
  way.number("start_pos", p.start_pos, 0);
  way.number("dim", p.dim, usual.dim);
  way.number("n_heads", p.n_heads, usual.n_heads);
  way.number("q_lora_rank", p.q_lora_rank, usual.q_lora_rank);
  way.number("kv_lora_rank", p.kv_lora_rank, usual.kv_lora_rank);
  way.number("qk_nope_head_dim", p.qk_nope_head_dim, usual.qk_nope_head_dim);
  way.number("qk_rope_head_dim", p.qk_rope_head_dim, usual.qk_rope_head_dim);
  way.number("v_head_dim", p.v_head_dim, usual.v_head_dim);
  way.number("max_batch_size", p.max_batch_size, p.b);
  way.number("max_seq_len", p.max_seq_len, p.end_pos());
  way.number("rotary_rows", p.rotary_rows, p.max_seq_len);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.real("eps", p.eps, usual.eps);
  way.flag("causal", p.causal, false);
}

std::string to_text(const rms_norm_problem& p) { return line_of(p); }
std::string to_text(const rotary_problem& p) { return line_of(p); }
std::string to_text(const project_problem& p) { return line_of(p); }
std::string to_text(const write_cache_problem& p) { return line_of(p); }
std::string to_text(const forward_problem& p) { return line_of(p); }

rms_norm_problem parse_rms_norm(const keyed_text& text) { return parsed<rms_norm_problem>(text); }
rotary_problem parse_rotary(const keyed_text& text) { return parsed<rotary_problem>(text); }
project_problem parse_project(const keyed_text& text) { return parsed<project_problem>(text); }
write_cache_problem parse_write_cache(const keyed_text& text) { return parsed<write_cache_problem>(text); }
forward_problem parse_forward(const keyed_text& text) { return parsed<forward_problem>(text); }

}  // namespace plumbline::mla
