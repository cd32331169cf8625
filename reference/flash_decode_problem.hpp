// flash_decode: attention of a short query block against a per-sequence KV cache.
//
// Three functions, each with its own problem, inputs, outputs and truth:
//   attend   softmax attention over the cache (dense or paged), out and lse
//   append   write new K/V rows into the cache in place, rotating K, and rotate Q
//   combine  merge split-KV partials by their log-sum-exp
// A call that appends and attends is append, then attend: each stage is judged on the stage before as the
// kernel left it.  Names are those of flash_attn_with_kvcache.  Shapes below are row-major; `gap` adds unused
// elements behind every (token, head) row, so kernels must honour strides.
//
// attend   inputs   q (b, sq, hq, d) or packed (total_q, hq, d); k_cache (batch_cache, capacity, hk, d) or
// paged
//                   (num_pages, page_size, hk, d); v_cache likewise with dv; cache_seqlens (b) i32;
//                   optional: cache_batch_idx (b) i32, cache_leftpad (b) i32, page_table (batch_cache,
//                   max_pages) i32, cu_seqlens_q (b + 1) i32, qv (as q, dv), q_descale / k_descale /
//                   v_descale (b, hk) f32 (e4m3), learnable_sink (hq): one logit a head that joins the
//                   normaliser
//          outputs  out (as q, dv) in out_type; lse f32 (b, hq, sq) or packed (hq, total_q); natural log,
//          -inf and a
//                   zero row where no key is visible
// append   inputs   k_new (b, sn, hk, d) or packed (total_new, hk, d), v_new likewise with dv, k_cache,
// v_cache,
//                   cache_seqlens, optional cache_batch_idx, cache_leftpad, page_table, cu_seqlens_k_new,
//                   cu_seqlens_q, rotary_cos / rotary_sin (seqlen_rotary, rotary_dim / 2), rotary_seqlens
//                   (b), q
//          outputs  k_cache, v_cache (start as copies of the inputs), q_rotated (as q; only with rotary)
// combine  inputs   out_partial f32 (num_splits, b, sq, hq, dv); lse_partial f32 (num_splits, b, sq, hq),
// stored so
//                   that sq is contiguous
//          outputs  out (b, sq, hq, dv) in out_type; lse f32 (b, sq, hq), stored so that sq is contiguous
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

namespace plumbline::flash_decode {

/// What attend and append share: where keys lie.
struct cache_shape {
  dtype type = dtype::bf16;  // of q, k, v
  std::int64_t b = 1;        // sequences
  std::int64_t hq = 1,
               hk = 1;  // query and KV heads; hq is a multiple of hk; head h uses KV head h / (hq / hk)
  std::int64_t d = 64, dv = 64;             // QK and V head dims
  std::int64_t batch_cache = 1;             // rows of the cache, or of the page table
  std::int64_t capacity = 64;               // slots a cache row; paged: max_pages * page_size
  std::int64_t page_size = 0;               // 0: dense cache
  std::int64_t max_pages = 0;               // paged: entries of a page-table row
  std::int64_t num_pages = 0;               // paged: pages of the pool
  bool has_batch_idx = false;               // cache_batch_idx given
  bool shared_pages = false;                // generator: sequences share the pages of their common prefix
  std::int64_t gap = 0;                     // unused elements behind each row of d (dv)
  std::vector<std::int64_t> cache_seqlens;  // b values: slots in use, leftpad included, before any append
  std::vector<std::int64_t> cache_leftpad;  // empty, or b values: first valid slot
  std::vector<std::int64_t> seqlens_q;      // empty: all sq; else packed q, b values

  friend bool operator==(const cache_shape&, const cache_shape&) = default;
};

struct attend_problem : cache_shape {
  std::int64_t sq = 1;            // query tokens a sequence (packed: the largest)
  double softmax_scale = 0;       // 0: 1/sqrt(d), with qv 1/sqrt(d + dv)
  bool causal = false;            // forces window_right = 0; bottom-right aligned
  std::int64_t window_left = -1;  // -1: unlimited
  std::int64_t window_right = -1;
  std::int64_t attention_chunk = 0;  // 0: off
  double softcap = 0;                // 0: off
  std::int64_t num_splits = 0;       // 0: heuristic; 1..256
  bool has_qv = false;
  bool has_sink = false;
  dtype out_type = dtype::bf16;  // of out; e4m3 inputs give bf16

  friend bool operator==(const attend_problem&, const attend_problem&) = default;
};

struct append_problem : cache_shape {
  std::int64_t sq = 0;                       // query tokens rotated along; 0: no q
  std::int64_t sn = 1;                       // new tokens a sequence (packed: the largest)
  std::vector<std::int64_t> seqlens_new;     // empty: all sn; else packed k_new, b values
  std::int64_t rotary_dim = 0;               // 0: no rotary; else a multiple of 16, at most d
  bool rotary_interleaved = true;            // pairs (2e, 2e + 1); false: (e, e + rotary_dim / 2)
  std::int64_t seqlen_rotary = 0;            // rows of the cos and sin tables
  std::vector<std::int64_t> rotary_seqlens;  // empty, or b values: overrides the first rotary position
  bool causal = false;                       // with the windows: decide whether q positions move (see
  std::int64_t window_left = -1;             // q_positions_move)
  std::int64_t window_right = -1;
  std::int64_t attention_chunk = 0;

  friend bool operator==(const append_problem&, const append_problem&) = default;
};

struct combine_problem {
  std::int64_t num_splits = 1, b = 1, sq = 1, hq = 1, dv = 64;  // num_splits 1..256
  dtype out_type = dtype::f32;                                  // f32, f16, bf16
  std::int64_t gap = 0;
  std::int64_t empty_percent = 0;  // generator: share of partials that are empty (lse -inf, out NaN)

  friend bool operator==(const combine_problem&, const combine_problem&) = default;
};

/// Problem to `key=value,...` and back.  Keys are the members' names (`dtype` for `type`).  Defaults are left
/// out: the members', and dv = d, batch_cache = b, num_pages = batch_cache * max_pages, capacity = max_pages
/// * page_size, cache_seqlens = full (append: empty; one number: the same for all), out_type = dtype (bf16
/// for e4m3), sq and sn = the longest of the packed ones, seqlen_rotary = capacity + the longest of q and new
/// k. `parse_*` throws bad_argument on anything that `check` refuses as well as on unknown keys.
std::string to_text(const attend_problem&);
std::string to_text(const append_problem&);
std::string to_text(const combine_problem&);
attend_problem parse_attend(const keyed_text&);
append_problem parse_append(const keyed_text&);
combine_problem parse_combine(const keyed_text&);

/// Refuses bad arguments: throws bad_argument that names the argument.  The first form looks at the problem
/// alone, the second at the tensors too (presence, dtype, shape, contiguous last dim, values of lengths and
/// indices).
void check(const attend_problem&);
void check(const append_problem&);
void check(const combine_problem&);
void check(const attend_problem&, const tensor_set& inputs);
void check(const append_problem&, const tensor_set& inputs);
void check(const combine_problem&, const tensor_set& inputs);

/// Empty outputs of the right names, dtypes, shapes and strides (append: the caches are copies of the
/// inputs').
tensor_set make_outputs(const attend_problem&);
tensor_set make_outputs(const append_problem&, const tensor_set& inputs);
tensor_set make_outputs(const combine_problem&);

/// (b, longest, heads, dim), or (tokens, heads, dim) when packed lengths are given.
std::vector<std::int64_t> token_shape(std::int64_t b, std::int64_t longest,
                                      const std::vector<std::int64_t>& packed, std::int64_t heads,
                                      std::int64_t dim);
/// A tensor of rows (last axis) with `gap` unused elements behind each: the layout of q, k, v and out.
tensor rows_with_gap(dtype type, std::vector<std::int64_t> shape, std::int64_t gap);
/// (..., sq, hq), stored so that sq is contiguous: the layout of combine's lse and lse_partial.
tensor lse_by_head(std::vector<std::int64_t> shape);
/// 0, a, a + b, ...: the cu_seqlens tensor of a list of lengths.
tensor cumulative_lengths(const std::vector<std::int64_t>& lengths);

/// Tokens of q, of new k, and visible keys before any append, of one sequence; 64-bit, defaults filled in.
std::int64_t query_tokens(const attend_problem&, std::int64_t sequence);
std::int64_t query_tokens(const append_problem&, std::int64_t sequence);
std::int64_t new_tokens(const append_problem&, std::int64_t sequence);
std::int64_t left_padding(const cache_shape&, std::int64_t sequence);
std::int64_t cached_keys(const cache_shape&, std::int64_t sequence);

/// softmax_scale with its default filled in.
double effective_scale(const attend_problem&);

/// The interval [begin, end) of visible keys of query row i, in key indices 0..sk-1 (empty: begin == end).
/// All masks (causal bottom-right, window, chunk) are intervals.
struct key_range {
  std::int64_t begin = 0, end = 0;
};
key_range visible_keys(const attend_problem&, std::int64_t i, std::int64_t sq, std::int64_t sk);

/// What the host side of the call makes of the mask options before anything runs: windows that cannot bind
/// become unlimited, causal is dropped for one query token when no window or chunk is active.  Neutral for
/// attention, but it decides whether rotary positions of q move with the token.
struct mask_options {
  bool causal;
  std::int64_t window_left, window_right, attention_chunk;
};
mask_options simplify(const mask_options&, std::int64_t max_seqlen_q, std::int64_t capacity);
/// True when q row i is rotated at rope0 + i, false when every row is rotated at rope0.
bool q_positions_move(const append_problem&);

/// FlashAttention-3's number of splits for one launch (the rule in force since 2025); all arguments as there.
/// `size_one_kv_head` in bytes.  Result 1..max_splits.
std::int64_t num_splits_heuristic(std::int64_t total_mblocks, std::int64_t num_sms, std::int64_t num_n_blocks,
                                  std::int64_t num_m_blocks, std::int64_t size_one_kv_head,
                                  bool is_causal_or_local, std::int64_t max_splits);
/// The rule of pull request 1236, as merged in October 2024.
std::int64_t num_splits_heuristic_pr1236(std::int64_t batch_nheads_mblocks, std::int64_t batch_nheads,
                                         std::int64_t num_sms, std::int64_t num_n_blocks,
                                         std::int64_t max_splits, std::int64_t head_size,
                                         bool use_one_mma_wg);

/// A query tile of a split-KV kernel: which blocks of keys one split reads.
struct split_tile {
  std::int64_t block_m = 64, block_n = 64;  // rows of a tile, keys of a block
  bool packed = true;                       // rows are (query, group head)
  std::int64_t group = 1;                   // hq / hk
  std::int64_t m_block = 0, split = 0, num_splits = 1;
  mask_options mask = {false, -1, -1, 0};
};
/// Blocks [begin, end) of a split of one sequence; begin >= end: the split is empty.
key_range split_block_range(const split_tile&, std::int64_t sq, std::int64_t sk);

}  // namespace plumbline::flash_decode
