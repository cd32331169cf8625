// What the module around mla's attention refuses from the problem alone.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/core/requirements.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

namespace {

void require_eps(double eps) {
  if (!std::isfinite(eps) || eps < 0)
    refuse("eps", fmt::format("expected a number of at least 0, got {}", eps));
}

void require_weight_type(dtype weight, dtype type) {
  if (weight != type && weight != dtype::e4m3)
    refuse("weight_type", fmt::format("expected {} or e4m3, got {}", name_of(type), name_of(weight)));
}

void require_positions(std::int64_t start_pos, std::int64_t sq, std::int64_t rows, const char* of) {
  require_least("start_pos", start_pos, 0);
  require_least(of, rows, 0);
  if (start_pos + sq > rows)
    refuse(of, fmt::format("expected at least start_pos + sq = {}, got {}", start_pos + sq, rows));
}

}  // namespace

void check(const rms_norm_problem& p) {
  require_narrow("dtype", p.type);
  require_output("weight_type", p.weight_type);
  require_least("tokens", p.tokens, 0);
  require_least("dim", p.dim, 1);
  require_eps(p.eps);
  require_least("gap", p.gap, 0);
  require_size("x", {p.tokens, p.dim + p.gap});
}

void check(const rotary_problem& p) {
  require_output("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_least("heads", p.heads, 1);
  require_even("d", p.d);
  require_positions(p.start_pos, p.sq, p.rotary_rows, "rotary_rows");
  require_least("gap", p.gap, 0);
  require_size("x", {p.b, p.sq, p.heads, p.d + p.gap});
  require_size("cos", {p.rotary_rows, p.d / 2});
}

void check(const project_problem& p) {
  require_narrow("dtype", p.type);
  require_weight_type(p.weight_type, p.type);
  require_least("tokens", p.tokens, 0);
  require_least("gap", p.gap, 0);
  if (p.kind == projection::linear) {
    require_least("in_features", p.in_features, 1);
    require_least("out_features", p.out_features, 1);
  } else {
    require_between("in_features", p.in_features, 0, 0);
    require_between("out_features", p.out_features, 0, 0);
  }
  require_least("heads", p.heads, 1);
  require_least("qk_nope_head_dim", p.qk_nope_head_dim, 1);
  require_least("v_head_dim", p.v_head_dim, 1);
  require_least("kv_lora_rank", p.kv_lora_rank, 1);
  const projection_shape shape = shape_of(p);
  require_size("weight", {shape.rows, shape.columns});
  require_size("x", {p.tokens, p.heads, std::max(shape.inner, shape.outer) + p.gap});
}

void check(const write_cache_problem& p) {
  require_narrow("dtype", p.type);
  require_least("tokens", p.tokens, 0);
  require_least("kv_lora_rank", p.kv_lora_rank, 1);
  require_least("qk_rope_head_dim", p.qk_rope_head_dim, 0);
  require_least("page_size", p.page_size, 1);
  require_least("num_pages", p.num_pages, 0);
  require_least("gap", p.gap, 0);
  require_least("page_gap", p.page_gap, 0);
  require_between("skip_percent", p.skip_percent, 0, 100);
  const std::int64_t width = p.kv_lora_rank + p.qk_rope_head_dim + p.gap;
  require_size("kv_c", {p.tokens, width});
  require_size("k_cache", {p.num_pages, p.page_size + p.page_gap, width});
}

void check(const forward_problem& p) {
  require_narrow("dtype", p.type);
  require_weight_type(p.weight_type, p.type);
  if (p.cache_type != p.type && p.cache_type != dtype::f64)
    refuse("cache_type", fmt::format("expected {} or f64, got {}", name_of(p.type), name_of(p.cache_type)));
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_least("dim", p.dim, 1);
  require_least("n_heads", p.n_heads, 1);
  require_least("q_lora_rank", p.q_lora_rank, 0);
  require_least("kv_lora_rank", p.kv_lora_rank, 1);
  require_least("qk_nope_head_dim", p.qk_nope_head_dim, 1);
  require_even("qk_rope_head_dim", p.qk_rope_head_dim);
  require_least("v_head_dim", p.v_head_dim, 1);
  require_least("max_batch_size", p.max_batch_size, 0);
  if (p.max_batch_size < p.b)
    refuse("max_batch_size", fmt::format("expected at least b = {}, got {}", p.b, p.max_batch_size));
  require_positions(p.start_pos, p.sq, p.max_seq_len, "max_seq_len");
  require_positions(p.start_pos, p.sq, p.rotary_rows, "rotary_rows");
  require_scale("softmax_scale", p.softmax_scale, "qk_head_dim^-0.5");
  require_eps(p.eps);
  const std::int64_t q = p.n_heads * p.qk_head_dim(), kv = p.n_heads * (p.qk_nope_head_dim + p.v_head_dim);
  require_size("x", {p.b, p.sq, std::max({p.dim, q, kv})});
  require_size(p.q_lora_rank > 0 ? "wq_b" : "wq", {q, p.q_lora_rank > 0 ? p.q_lora_rank : p.dim});
  require_size("wkv_b", {kv, p.kv_lora_rank});
  require_size("wo", {p.dim, p.n_heads * p.v_head_dim});
  const std::int64_t row = p.form == attention_form::naive ? q : p.kv_lora_rank;
  require_size(p.form == attention_form::naive ? "k_cache" : "kv_cache",
               {p.max_batch_size, p.max_seq_len, row});
  require_size("cos", {p.rotary_rows, p.qk_rope_head_dim / 2});
}

}  // namespace plumbline::mla
