// mla: attention over latents, as FlashMLA and the DeepSeek models call it.  Problems of the attention side;
// those of the module around it (projections, norm, rotation, cache writes, the whole) are in
// mla_module_problem.hpp.
//
//   prefill          many queries against materialised K and V, one pair a head
//   decode           a short query block against a paged cache of latent rows
//   decode_indices   the same against the rows that each query lists
//   prefill_indices  many queries, each against the rows of one sequence that it lists
//   schedule         how many parts of a GPU share the keys of a ragged batch, and who takes which
//   combine          merge split partials, whose log-sum-exp is in base 2
//
// A key is a row of d numbers (latent, then the rotated part); its value is the first dv of them.  One KV
// head serves all query heads, or hk of them serve hq / hk each.  A row of the output that sees no key is
// zero and its lse is +inf (plus: FlashMLA's sign).  lse is in natural units and never includes a sink.
// Shapes are row-major; `gap` adds unused elements behind every row of d (dv), `page_gap` unused rows behind
// every page: kernels must honour strides.  Any size is a problem; what a kernel supports is its domain.
//
// prefill   inputs   q (b, sq, hq, d); k (b, capacity, hk, d), v (b, capacity, hk, dv), of which the rows
//                    behind a sequence's length may hold anything; cache_seqlens (b) i32
//           outputs  out (b, sq, hq, dv) in the type of q; lse f32 (b, hq, sq)
// decode    inputs   q (b, sq, hq, d); k_cache (num_pages, page_size, hk, d); block_table (b, max_pages)
//                    i32, entries that no key uses may hold anything; cache_seqlens (b) i32
//           outputs  out (b, sq, hq, dv) in the type of q; lse f32 (b, hq, sq)
// decode_indices
//           inputs   q (b, sq, hq, d); k_cache (num_pages, page_size, 1, d); indices (b, sq, topk) i32: page
//           *
//                    page_size + row, -1 for none, entries from topk_length on may hold anything; optional
//                    topk_length (b) i32, attn_sink f32 (hq): a logit that joins the normaliser of the
//                    output; extra_k_cache, extra_indices (b, sq, extra_topk), extra_topk_length: a second
//                    list whose rows are attended as well.  A row listed twice counts twice.
//           outputs  as decode
//           With a quantized format the caches are u8, (num_pages, page_size, 1, bytes of a row), and a row
//           is read as code * scale, rounded to fp32 and then to the type of q; the last qk_rope_head_dim
//           numbers are stored as they are.  Rows of a page are contiguous, and page_gap counts bytes.
// prefill_indices
//           inputs   q (sq, hq, d); kv (skv, 1, d); indices (sq, 1, topk) i32: any value outside 0..skv - 1
//           is
//                    none; optional topk_length (sq) i32, attn_sink f32 (hq)
//           outputs  out (sq, hq, dv) in the type of q; max_logits f32 (sq, hq), natural units, -inf where
//                    nothing is listed; lse f32 (sq, hq)
// schedule  inputs   cache_seqlens (b) i32, or for index lists optional topk_length (b) i32 and
//                    extra_topk_length (b) i32
//           outputs  tile_scheduler_metadata (num_sm_parts, 8) i32; num_splits (b + 1) i32
// combine   inputs   out_partial f32 (splits, sq, hq, dv) and lse_partial f32 (splits, sq, hq) in log2 units,
//                    -inf where a split saw no key, both stacked request after request; num_splits (b + 1)
//                    i32, their running sum; optional attn_sink f32 (hq)
//           outputs  out (b, sq, hq, dv) in out_type; lse f32 (b, hq, sq), natural
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

namespace plumbline::mla {

struct prefill_problem {
  dtype type = dtype::bf16;                 // of q, k, v and out
  std::int64_t b = 1, sq = 1;               // sequences, query tokens of each
  std::int64_t hq = 1, hk = 1;              // query and KV heads; head h uses KV head h / (hq / hk)
  std::int64_t d = 192, dv = 128;           // widths of a key and of a value
  std::int64_t capacity = 1;                // rows of k and v a sequence
  std::int64_t gap = 0;                     // unused elements behind a row
  std::vector<std::int64_t> cache_seqlens;  // b values: keys of each sequence, new ones included
  double softmax_scale = 0;                 // 0: d^-0.5
  bool causal = false;                      // query i sees key j iff j <= length - sq + i

  friend bool operator==(const prefill_problem&, const prefill_problem&) = default;
};

struct decode_problem {
  dtype type = dtype::bf16;                 // of q, k_cache and out
  std::int64_t b = 1, sq = 1;               // sequences, query tokens of each
  std::int64_t hq = 1, hk = 1;              // query and KV heads; head h uses KV head h / (hq / hk)
  std::int64_t d = 576, dv = 512;           // width of a key; leading part of it that is the value
  std::int64_t page_size = 64;              // rows of a page
  std::int64_t max_pages = 1;               // entries of a row of block_table
  std::int64_t num_pages = 1;               // pages of the pool
  std::int64_t gap = 0, page_gap = 0;       // unused elements behind a row, unused rows behind a page
  std::vector<std::int64_t> cache_seqlens;  // b values: keys of each sequence
  double softmax_scale = 0;                 // 0: d^-0.5, as FlashMLA has it (the models pass their own)
  bool causal = false;                      // query i sees key j iff j <= length - sq + i
  std::int64_t num_sm_parts = 0;            // parts of the split schedule; 0: by the rule of the device

  friend bool operator==(const decode_problem&, const decode_problem&) = default;
};

/// How a row of a cache is stored.
enum class kv_format : std::uint8_t {
  plain,  // numbers of the type of q
  v32,    // e4m3 codes, one f32 scale for 128 of them, rotary numbers: 656 bytes for 512 + 64
  model1  // e4m3 codes, one e8m0 scale for 64 of them behind the rows of the page: 584 bytes for 448 + 64
};

struct decode_indices_problem {
  dtype type = dtype::bf16;                    // of q, k_cache and out
  std::int64_t b = 1, sq = 1, hq = 1;          // one KV head serves all hq
  std::int64_t d = 576, dv = 512;              // width of a key; leading part of it that is the value
  kv_format format = kv_format::plain;         // of both caches
  std::int64_t qk_rope_head_dim = 0;           // quantized formats: numbers of a key that are not
  std::int64_t page_size = 64, num_pages = 1;  // of k_cache
  std::int64_t gap = 0, page_gap = 0;          // unused elements behind a row, unused rows behind a page
  std::int64_t topk = 64;                      // entries of a query's list
  std::vector<std::int64_t> topk_length;       // empty: all topk; else b values
  std::int64_t extra_topk = 0;                 // entries of the second list; 0: there is none
  std::int64_t extra_page_size = 64, extra_num_pages = 0;  // of extra_k_cache
  std::vector<std::int64_t> extra_topk_length;             // empty: all extra_topk; else b values
  bool has_sink = false;
  double softmax_scale = 0;       // 0: d^-0.5
  std::int64_t num_sm_parts = 0;  // parts of the split schedule; 0: by the rule of the device
  std::int64_t invalid_percent = 0, duplicate_percent = 0;  // generator: share of such entries

  friend bool operator==(const decode_indices_problem&, const decode_indices_problem&) = default;
};

struct prefill_indices_problem {
  dtype type = dtype::bf16;               // of q, kv and out
  std::int64_t sq = 1, hq = 1, skv = 1;   // queries, heads, rows of kv
  std::int64_t d = 576, dv = 512;         // width of a key; leading part of it that is the value
  std::int64_t gap = 0;                   // unused elements behind a row
  std::int64_t topk = 64;                 // entries of a query's list
  std::vector<std::int64_t> topk_length;  // empty: all topk; else sq values
  bool has_sink = false;
  double softmax_scale = 0;                                 // 0: d^-0.5
  std::int64_t invalid_percent = 0, duplicate_percent = 0;  // generator: share of such entries

  friend bool operator==(const prefill_indices_problem&, const prefill_indices_problem&) = default;
};

struct schedule_problem {
  std::int64_t b = 1;
  std::int64_t num_sm_parts = 1;
  std::int64_t block_size = 64;                 // keys of a block
  std::int64_t fixed_overhead = 5;              // cost of one more request, in blocks
  std::vector<std::int64_t> cache_seqlens;      // b values; empty with index lists
  std::int64_t topk = -1;                       // -1: cache_seqlens are given; else entries of an index list
  std::vector<std::int64_t> topk_length;        // empty: all topk; else b values
  std::int64_t extra_topk = 0;                  // entries of the second list; 0: there is none
  std::vector<std::int64_t> extra_topk_length;  // empty: all extra_topk; else b values

  friend bool operator==(const schedule_problem&, const schedule_problem&) = default;
};

struct combine_problem {
  std::int64_t b = 1, sq = 1, hq = 1, dv = 512;
  std::vector<std::int64_t> splits;  // b values: partials of each request, at least 1
  dtype out_type = dtype::bf16;      // f32, f16, bf16
  bool has_sink = false;
  std::int64_t gap = 0;            // behind every row of out_partial and out
  std::int64_t empty_percent = 0;  // generator: share of partials that are empty

  friend bool operator==(const combine_problem&, const combine_problem&) = default;
};

/// Problem to `key=value,...` and back; keys are the members' names (`dtype` for `type`).  Left out when
/// usual: the members' defaults; dv = 512 (prefill 128), at most d; hk = hq in prefill; capacity = the
/// longest sequence; max_pages = as many as the longest sequence needs; num_pages = b * max_pages;
/// cache_seqlens = full; splits = 1 each; the second cache as the first;
/// qk_rope_head_dim = 64 with a quantized format.  One number in a list: the same for
/// all. `parse_*` throws bad_argument on unknown keys and on anything that `check` refuses.
std::string to_text(const prefill_problem&);
std::string to_text(const decode_problem&);
std::string to_text(const decode_indices_problem&);
std::string to_text(const prefill_indices_problem&);
std::string to_text(const schedule_problem&);
std::string to_text(const combine_problem&);
prefill_problem parse_prefill(const keyed_text&);
decode_problem parse_decode(const keyed_text&);
decode_indices_problem parse_decode_indices(const keyed_text&);
prefill_indices_problem parse_prefill_indices(const keyed_text&);
schedule_problem parse_schedule(const keyed_text&);
combine_problem parse_combine(const keyed_text&);

/// Refuses bad arguments: throws bad_argument that names the argument.  The first form looks at the problem
/// alone, the second at the tensors too: presence, dtype, shape, contiguous last axis, values of lengths and
/// of every index that would be followed.
void check(const prefill_problem&);
void check(const decode_problem&);
void check(const decode_indices_problem&);
void check(const prefill_indices_problem&);
void check(const schedule_problem&);
void check(const combine_problem&);
void check(const prefill_problem&, const tensor_set& inputs);
void check(const decode_problem&, const tensor_set& inputs);
void check(const decode_indices_problem&, const tensor_set& inputs);
void check(const prefill_indices_problem&, const tensor_set& inputs);
void check(const schedule_problem&, const tensor_set& inputs);
void check(const combine_problem&, const tensor_set& inputs);

/// Every input of the problem, laid out as it says and zero-filled; tensors of lengths hold the problem's.
tensor_set empty_inputs(const prefill_problem&);
tensor_set empty_inputs(const decode_problem&);
tensor_set empty_inputs(const decode_indices_problem&);
tensor_set empty_inputs(const prefill_indices_problem&);
tensor_set empty_inputs(const schedule_problem&);
tensor_set empty_inputs(const combine_problem&);

/// Empty outputs of the right names, dtypes, shapes and strides.
tensor_set make_outputs(const prefill_problem&);
tensor_set make_outputs(const decode_problem&);
tensor_set make_outputs(const decode_indices_problem&);
tensor_set make_outputs(const prefill_indices_problem&);
tensor_set make_outputs(const schedule_problem&);
tensor_set make_outputs(const combine_problem&);

/// softmax_scale with its default filled in.
double effective_scale(const prefill_problem&);
double effective_scale(const decode_problem&);
double effective_scale(const decode_indices_problem&);
double effective_scale(const prefill_indices_problem&);

/// The schedule of a decode on a device of `sms` multiprocessors.
schedule_problem schedule_of(const decode_problem&, std::int64_t sms);
schedule_problem schedule_of(const decode_indices_problem&, std::int64_t sms);

/// Physical entries of lists of positions in a sequence: indices (b, sq, topk) through block_table (b,
/// max_pages) of pages of `page_size` rows; -1 stays -1.  Throws bad_argument on any other entry that no page
/// holds.
tensor physical_indices(const tensor& indices, const tensor& block_table, std::int64_t page_size);

/// Visible keys of query i are [0, visible_keys): `length` keys of its sequence, bottom-right aligned.
std::int64_t visible_keys(bool causal, std::int64_t i, std::int64_t sq, std::int64_t length);

/// The scale of the models: qk_head_dim^-0.5, times (0.1 mscale ln(rope_factor) + 1)^2 iff max_seq_len >
/// original_seq_len.  The absorbed form uses the same one.
double model_softmax_scale(std::int64_t qk_head_dim, std::int64_t max_seq_len, std::int64_t original_seq_len,
                           double rope_factor, double mscale);

/// Upstream's number of parts for a device of `sms` multiprocessors: dense decode, and index lists on SM90.
std::int64_t dense_sm_parts(std::int64_t sms, std::int64_t sq, std::int64_t hq, std::int64_t hk);
std::int64_t sparse_sm_parts(std::int64_t sms, std::int64_t sq, std::int64_t hq);

}  // namespace plumbline::mla
