// mla, the module around the attention: problems of its steps and of the whole.
//
//   rms_norm     norm of a latent
//   rotary       rotation of the positional part of queries and keys
//   project      a linear layer, or the per-head products that absorb W_UK into the query and bring W_UV back
//   write_cache  latent and rotated part of new tokens into their rows of the latent cache
//   forward      the module: projections, norm, rotation, caches, attention, output projection
//
// Weights are stored as (out, in), y = x W^T, in the type of x or as e4m3 codes with one f32 scale a block of
// 128 x 128; those become weights of the type of x first: code times scale, rounded to fp32 and then to that
// type.  wkv_b is head after head: qk_nope_head_dim rows W_UK, then v_head_dim rows W_UV.  Rotation turns
// neighbours (2i, 2i + 1) by the angle whose cos and sin are inputs.
//
// rms_norm     inputs   x (tokens, dim), weight (dim) in weight_type
//              outputs  out (tokens, dim): x / sqrt(mean(x^2) + eps) * weight, rounded once
// rotary       inputs   x (b, sq, heads, d); cos, sin f32 (rotary_rows, d / 2): token i of a sequence takes
//                       row start_pos + i
//              outputs  out as x
// project      inputs   x, weight, with e4m3 weight_scale (ceil(rows / 128), ceil(columns / 128))
//                linear         x (tokens, in_features), weight (out_features, in_features)
//                absorb_query   x (tokens, heads, qk_nope_head_dim), weight is wkv_b
//                absorb_output  x (tokens, heads, kv_lora_rank), weight is wkv_b
//              outputs  out (tokens, out_features), (tokens, heads, kv_lora_rank) or (tokens, heads,
//                       v_head_dim)
// write_cache  inputs   kv_c (tokens, kv_lora_rank), k_pe (tokens, qk_rope_head_dim), slot_mapping (tokens)
//                       i32: page * page_size + row, -1 for a token that is not written; k_cache (num_pages,
//                       page_size, 1, kv_lora_rank + qk_rope_head_dim)
//              outputs  k_cache, a copy but for the rows written
// forward      inputs   x (b, sq, dim); wq (n_heads * qk_head_dim, dim), or with q_lora_rank wq_a
//                       (q_lora_rank, dim), q_norm (q_lora_rank), wq_b (n_heads * qk_head_dim, q_lora_rank);
//                       wkv_a (kv_lora_rank + qk_rope_head_dim, dim), kv_norm (kv_lora_rank), wkv_b (n_heads
//                       * (qk_nope_head_dim + v_head_dim), kv_lora_rank), wo (dim, n_heads * v_head_dim);
//                       with e4m3 weights `*_scale`; cos, sin f32 (rotary_rows, qk_rope_head_dim / 2); the
//                       caches in cache_type, of which the rows before start_pos are read
//                absorb  kv_cache (max_batch_size, max_seq_len, kv_lora_rank): normalised latents; pe_cache
//                        (max_batch_size, max_seq_len, qk_rope_head_dim): rotated keys
//                naive   k_cache (max_batch_size, max_seq_len, n_heads, qk_head_dim), v_cache (..,
//                v_head_dim)
//              outputs  out (b, sq, dim); the caches with rows start_pos .. start_pos + sq - 1 written; and
//              what
//                       each step left for the next, so that every step can be judged on its own inputs:
//                       with q_lora_rank q_down, q_latent (b, sq, q_lora_rank) before and after the norm;
//                       q (b, sq, n_heads, qk_head_dim) before the rotation, q_pe (b, sq, n_heads,
//                       qk_rope_head_dim) after it; kv (b, sq, kv_lora_rank + qk_rope_head_dim); latent
//                       (b, sq, kv_lora_rank) normalised, k_pe (b, sq, qk_rope_head_dim) rotated; naive
//                       kv_up (b, sq, n_heads, qk_nope_head_dim + v_head_dim), absorb q_absorbed and z (b,
//                       sq, n_heads, kv_lora_rank), query and attention in latent space; lse f32 (b, n_heads,
//                       sq); attended (b, sq, n_heads, v_head_dim)
#pragma once

#include <cstdint>
#include <string>

#include "reference/core/formats.hpp"

namespace plumbline {
class tensor;
class tensor_set;
class keyed_text;
}  // namespace plumbline

namespace plumbline::mla {

inline constexpr std::int64_t weight_block = 128;  // rows and columns under one scale

struct rms_norm_problem {
  dtype type = dtype::bf16;         // of x and out
  dtype weight_type = dtype::bf16;  // bf16, f16, f32
  std::int64_t tokens = 1, dim = 512;
  double eps = 1e-6;
  std::int64_t gap = 0;  // unused elements behind a row of x: a latent lies in front of its rotary part

  friend bool operator==(const rms_norm_problem&, const rms_norm_problem&) = default;
};

struct rotary_problem {
  dtype type = dtype::bf16;  // bf16, f16, f32
  std::int64_t b = 1, sq = 1, heads = 1;
  std::int64_t d = 64;  // rotated dims, even
  std::int64_t start_pos = 0, rotary_rows = 1;
  std::int64_t gap = 0;  // unused elements behind a row of x and out

  friend bool operator==(const rotary_problem&, const rotary_problem&) = default;
};

enum class projection : std::uint8_t { linear, absorb_query, absorb_output };

struct project_problem {
  projection kind = projection::absorb_query;
  dtype type = dtype::bf16;         // of x and out
  dtype weight_type = dtype::bf16;  // that of x, or e4m3
  std::int64_t tokens = 1;
  std::int64_t in_features = 0, out_features = 0;  // linear; 0 otherwise
  std::int64_t heads = 1, qk_nope_head_dim = 128, v_head_dim = 128, kv_lora_rank = 512;  // the absorbed ones
  std::int64_t gap = 0;  // unused elements behind a row of x and out: q_nope lies in front of its rotary part

  friend bool operator==(const project_problem&, const project_problem&) = default;
};

struct write_cache_problem {
  dtype type = dtype::bf16;
  std::int64_t tokens = 1;
  std::int64_t kv_lora_rank = 512, qk_rope_head_dim = 64;
  std::int64_t page_size = 64, num_pages = 1;
  std::int64_t gap = 0, page_gap = 0;  // unused elements behind a row, unused rows behind a page
  std::int64_t skip_percent = 0;       // generator: share of tokens that are not written

  friend bool operator==(const write_cache_problem&, const write_cache_problem&) = default;
};

enum class attention_form : std::uint8_t { naive, absorb };

struct forward_problem {
  attention_form form = attention_form::absorb;
  dtype type = dtype::bf16;         // of x, norms and out
  dtype weight_type = dtype::bf16;  // that of x, or e4m3
  dtype cache_type = dtype::bf16;   // of the caches: that of x, or f64
  std::int64_t b = 1, sq = 1;       // sequences, new tokens of each
  std::int64_t start_pos = 0;       // tokens in the caches before
  std::int64_t dim = 2048, n_heads = 16, q_lora_rank = 0, kv_lora_rank = 512;
  std::int64_t qk_nope_head_dim = 128, qk_rope_head_dim = 64, v_head_dim = 128;
  std::int64_t max_batch_size = 1, max_seq_len = 1;  // of the caches
  std::int64_t rotary_rows = 1;                      // of cos and sin
  double softmax_scale = 0;                          // 0: qk_head_dim^-0.5
  double eps = 1e-6;
  bool causal = false;  // new token i sees key j iff j <= start_pos + i; else all

  std::int64_t end_pos() const { return start_pos + sq; }
  std::int64_t qk_head_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }
  friend bool operator==(const forward_problem&, const forward_problem&) = default;
};

/// Problem to `key=value,...` and back, as in mla_problem.hpp.  Left out when usual: the members' defaults;
/// weight_type = dtype, cache_type = dtype; rotary_rows = start_pos + sq (forward: max_seq_len); num_pages =
/// what the tokens fill; max_batch_size = b; max_seq_len = start_pos + sq.
std::string to_text(const rms_norm_problem&);
std::string to_text(const rotary_problem&);
std::string to_text(const project_problem&);
std::string to_text(const write_cache_problem&);
std::string to_text(const forward_problem&);
rms_norm_problem parse_rms_norm(const keyed_text&);
rotary_problem parse_rotary(const keyed_text&);
project_problem parse_project(const keyed_text&);
write_cache_problem parse_write_cache(const keyed_text&);
forward_problem parse_forward(const keyed_text&);

/// Refuses bad arguments, as in mla_problem.hpp.
void check(const rms_norm_problem&);
void check(const rotary_problem&);
void check(const project_problem&);
void check(const write_cache_problem&);
void check(const forward_problem&);
void check(const rms_norm_problem&, const tensor_set& inputs);
void check(const rotary_problem&, const tensor_set& inputs);
void check(const project_problem&, const tensor_set& inputs);
void check(const write_cache_problem&, const tensor_set& inputs);
void check(const forward_problem&, const tensor_set& inputs);

/// Every input of the problem, laid out as it says and zero-filled.
tensor_set empty_inputs(const rms_norm_problem&);
tensor_set empty_inputs(const rotary_problem&);
tensor_set empty_inputs(const project_problem&);
tensor_set empty_inputs(const write_cache_problem&);
tensor_set empty_inputs(const forward_problem&);

/// Empty outputs of the right names, dtypes, shapes and strides; caches are copies of the inputs'.
tensor_set make_outputs(const rms_norm_problem&);
tensor_set make_outputs(const rotary_problem&);
tensor_set make_outputs(const project_problem&);
tensor_set make_outputs(const write_cache_problem&, const tensor_set& inputs);
tensor_set make_outputs(const forward_problem&, const tensor_set& inputs);

double effective_scale(const forward_problem&);

struct prefill_problem;  // mla_problem.hpp
struct decode_problem;

/// The steps of a forward as calls of the other functions; tokens are those of all sequences, b * sq.
struct forward_steps {
  project_problem q_down;                       // x to q_down, with q_lora_rank
  rms_norm_problem q_norm;                      // q_down to q_latent, with q_lora_rank
  project_problem q;                            // q_latent, or x, to q
  rotary_problem q_rotary;                      // last part of q to q_pe
  project_problem kv;                           // x to kv
  rms_norm_problem kv_norm;                     // first part of kv to latent
  rotary_problem k_rotary;                      // last part of kv to k_pe
  project_problem up;                           // naive: latent to kv_up
  project_problem absorb_query, absorb_output;  // absorb: first part of q to q_absorbed, z to attended
  project_problem out;                          // attended to out
};
forward_steps steps_of(const forward_problem&);
/// naive: the attention between the caches, rows of which lie as in (b, max_seq_len, n_heads, ...).
prefill_problem attention_by_head(const forward_problem&);
/// absorb: the same over pages of 64 rows (latent, k_pe), page after page of a sequence.
decode_problem attention_of_latents(const forward_problem&);

/// Rows and columns of the weight of a projection; sums of one element run over `inner` products.
struct projection_shape {
  std::int64_t rows, columns, inner, outer;  // outer: results a head
};
projection_shape shape_of(const project_problem&);

}  // namespace plumbline::mla
