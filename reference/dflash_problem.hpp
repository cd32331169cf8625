// dflash: block drafting.  A small model drafts a block of tokens at once from hidden states of its target,
// the target judges the block, and what it rejects is cut off the caches.
//
//   project    hidden states of a block and of its context to queries, keys and values of one draft layer
//   attention  the rest of that layer: append to the cache, attend, project the output
//   accept     the target's own token for each position of a block, and how many drafts agree
//   crop       cut a cache of several layers back to what was committed
//
// A draft block has block_size positions; a context has the positions that were committed since the block
// before.  New keys of a sequence are its context's, then its block's; every query of the block sees every
// key of its sequence, before and behind it.  Query head h uses KV head h / (hq / hk).  Weights are (out,
// in), y = x W^T.  rms(x, g) = g x / sqrt(mean(x^2) + eps).  Rotation turns halves: of a pair (x, y) =
// (row[e], row[e + d / 2]) it makes (x cos - y sin, x sin + y cos), cos and sin from column e.
//
// project    inputs   hidden (b, block_size, hidden_size); context (b, context_len, hidden_size); wq (hq * d,
//                     hidden_size), wk, wv (hk * d, hidden_size); with bias bq, bk, bv, as long as their
//                     weights' rows; q_norm, k_norm (d); cos, sin f32 (b, context_len + block_size, d / 2):
//                     one row a new key, context first; queries take the last block_size of them
//            outputs  q (b, block_size, hq, d), k, v (b, context_len + block_size, hk, d), and what each step
//                     left for the next: q_proj and k_proj, as q and k, before the norm; q_normed and
//                     k_normed before the rotation.  v has neither norm nor rotation.
// attention  inputs   q (b, block_size, hq, d); k, v (new rows, hk, d), sequence after sequence;
//                     cu_seqlens_k_new (b + 1) i32, where the new rows of each begin and the last end;
//                     k_cache, v_cache (batch_cache, capacity, hk, d); cache_seqlens (b) i32, rows in use;
//                     optional cache_batch_idx (b) i32, the row of the cache of each sequence; wo
//                     (hidden_size, hq * d); with bias bo (hidden_size); optional mask u8 (mask_batch, 1,
//                     mask_rows, keys), 1 where a key is seen, either axis 1 or full
//            outputs  k_cache, v_cache with the new rows behind those in use; attended (b, block_size, hq,
//            d);
//                     lse f32 (b, hq, block_size), natural; out (b, block_size, hidden_size)
// accept     inputs   block (b, block_size) i32: the known token, then drafts; logits (b, block_size,
//                     vocab_size) of the target, position i for what follows token i; when sampling uniforms
//                     f32 (b, block_size) in [0, 1)
//            outputs  posterior (b, block_size) i32: the target's tokens; accepted (b) i32: how many drafts
//                     agree with it from the first on, block[i + 1] == posterior[i]; next_token (b) i32:
//                     posterior[accepted]
//            temperature < 1e-5: the largest logit, the first of equal ones.  Else the inverse of the
//            distribution function: the first token t with p(0) + .. + p(t) > uniform, p =
//            softmax(logits / temperature), and the last with p > 0 when rounding leaves none.
// crop       inputs   k_cache, v_cache (layers, b, capacity, hk, d); cache_seqlens (b) i32, rows in use;
//                     keep (b) i32, rows to keep
//            outputs  cache_seqlens: the smaller of both; k_cache, v_cache: as they were, and with `scrub`
//                     the rows cut off zero
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/formats.hpp"

namespace plumbline {
class tensor;
class tensor_set;
class keyed_text;
}  // namespace plumbline

namespace plumbline::dflash {

using int_list = std::vector<std::int64_t>;

inline constexpr double least_temperature = 1e-5;  // below it the largest logit is taken

struct project_problem {
  dtype type = dtype::bf16;  // of hidden, context, weights, norms and outputs
  std::int64_t b = 1, block_size = 16, context_len = 1;
  std::int64_t hidden_size = 64, hq = 4, hk = 1, d = 16;  // d even
  bool has_bias = false;
  double eps = 1e-6;
  std::int64_t gap = 0;  // unused elements behind a row of hidden and context

  std::int64_t new_rows() const { return context_len + block_size; }
  friend bool operator==(const project_problem&, const project_problem&) = default;
};

struct attention_problem {
  dtype type = dtype::bf16;  // of q, k, v, caches, wo and outputs
  std::int64_t b = 1, block_size = 16;
  std::int64_t hq = 4, hk = 1, d = 16, hidden_size = 64;
  int_list context_lens;         // b values: rows of each sequence's context
  int_list cache_seqlens;        // b values: rows in use before
  int_list cache_batch_idx;      // empty: sequence i has row i; else b values, none twice
  std::int64_t batch_cache = 1;  // rows of the caches
  std::int64_t capacity = 1;     // rows a sequence may have there
  std::int64_t mask_batch = 0;   // 0: no mask; 1 or b
  std::int64_t mask_rows = 0;    // 0: no mask; 1 or block_size
  bool has_bias = false;
  double softmax_scale = 0;         // 0: d^-0.5
  std::int64_t gap = 0;             // unused elements behind a row of q, k, v and the caches
  std::int64_t hidden_percent = 0;  // generator: share of a mask that is not seen

  friend bool operator==(const attention_problem&, const attention_problem&) = default;
};

struct accept_problem {
  dtype type = dtype::f32;  // of logits: f32, f16 or bf16
  std::int64_t b = 1, block_size = 16, vocab_size = 32;
  double temperature = 0;
  std::int64_t gap = 0;            // unused elements behind a row of logits
  std::int64_t agree_percent = 0;  // generator: share of drafts that are the target's token

  bool greedy() const { return temperature < least_temperature; }
  friend bool operator==(const accept_problem&, const accept_problem&) = default;
};

struct crop_problem {
  dtype type = dtype::bf16;  // of the caches
  std::int64_t layers = 1, b = 1, capacity = 1, hk = 1, d = 16;
  int_list cache_seqlens, keep;  // b values each
  bool scrub = false;
  std::int64_t gap = 0;  // unused elements behind a row

  friend bool operator==(const crop_problem&, const crop_problem&) = default;
};

/// Keys of sequence i after the append, its row of the cache, where its new rows begin.
std::int64_t keys_of(const attention_problem&, std::int64_t i);
std::int64_t cache_row(const attention_problem&, std::int64_t i);
int_list new_row_starts(const attention_problem&);
double effective_scale(const attention_problem&);

/// Problem to `key=value,...` and back; keys are the members' names (`dtype` for `type`, `bias` for
/// has_bias). Left out when usual: the members' defaults; context_lens = 1 each; cache_seqlens = 0 each
/// (crop: full); one number in a list: the same for all; batch_cache = b, or what cache_batch_idx needs;
/// capacity = the most keys of a sequence; keep = 0 each.  `parse_*` throws bad_argument on unknown keys and
/// on anything that `check` refuses.
std::string to_text(const project_problem&);
std::string to_text(const attention_problem&);
std::string to_text(const accept_problem&);
std::string to_text(const crop_problem&);
project_problem parse_project(const keyed_text&);
attention_problem parse_attention(const keyed_text&);
accept_problem parse_accept(const keyed_text&);
crop_problem parse_crop(const keyed_text&);

/// Refuses bad arguments: throws bad_argument that names the argument.  The second form looks at the tensors
/// too: presence, dtype, shape, lists as the problem has them, masks in which a query sees no key, logits
/// that are no distribution, uniforms outside [0, 1).
void check(const project_problem&);
void check(const attention_problem&);
void check(const accept_problem&);
void check(const crop_problem&);
void check(const project_problem&, const tensor_set& inputs);
void check(const attention_problem&, const tensor_set& inputs);
void check(const accept_problem&, const tensor_set& inputs);
void check(const crop_problem&, const tensor_set& inputs);

/// Every input of the problem, laid out as it says and zero-filled; lists hold the problem's.
tensor_set empty_inputs(const project_problem&);
tensor_set empty_inputs(const attention_problem&);
tensor_set empty_inputs(const accept_problem&);
tensor_set empty_inputs(const crop_problem&);

/// Outputs of the right names, dtypes, shapes and strides; what is updated in place is a copy of the input.
tensor_set make_outputs(const project_problem&);
tensor_set make_outputs(const attention_problem&, const tensor_set& inputs);
tensor_set make_outputs(const accept_problem&);
tensor_set make_outputs(const crop_problem&, const tensor_set& inputs);

}  // namespace plumbline::dflash
