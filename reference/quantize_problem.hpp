// quantize: scaled 8-bit codes, written, read and multiplied.
//
// Six functions, each with its own problem, inputs, outputs and truth:
//   store           K-cache writers: a latent of dv dims becomes codes and scales, the rotary dims are copied
//   dequantize      its readers: whole caches or rows by index
//   groups          activations and weights: codes and scales by group, e4m3 or int8
//   weight_dequant  weights with one scale a block, back to a float type
//   block_gemm      product of two matrices of codes with scales by block
//   scatter         rows of bytes to places, as they are
// Who writes which bytes is the policy's business (quantize_policy.hpp); where they lie is this file's.
// Offsets are 64-bit throughout: a cache exceeds 2^31 bytes at 3.3 million tokens.  Shapes are row-major;
// `gap` adds unused elements behind every row of an input, so kernels must honour strides.
//
// store           inputs   k (tokens, d), or with `separate` k_nope (tokens, dv) and k_rope (tokens, d - dv);
//                          optional slots (tokens) i32: where each token goes, -1: nowhere; without it token
//                          i goes to slot i; the cache as it was, as below
//                 outputs  the cache: what the call does not write keeps its bytes
// dequantize      inputs   the cache; optional indices (tokens) i32, repeats allowed
//                 outputs  out (tokens + extra, d) in out_type; the extra rows are zero
// groups          inputs   x (rows, k); optional static_scale (1) f32
//                 outputs  codes (rows, k) e4m3 or i8; scales f32 (row groups, column groups), or packed
// weight_dequant  inputs   weight (m, n) e4m3 or i8; scale (ceil(m / block), ceil(n / block)) f32
//                 outputs  out (m, n) in out_type
// block_gemm      inputs   a (m, k), b (n, k) e4m3 or i8; a_scale (m, ceil(k / block_k)) f32; b_scale
//                          (ceil(n / block_n), ceil(k / block_k)) f32
//                 outputs  out (m, n) in out_type
// scatter         inputs   nope (tokens, nope_width), rope (tokens, rope_width), loc (tokens) i32; buffer as
// it
//                          was
//                 outputs  buffer (rows, nope_width + rope_width)
// The cache is u8: `rows` and `pages` have one tensor `cache`, `split` has `nope_part` and `rope_part`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/formats.hpp"
#include "reference/core/quantize_policy.hpp"

namespace plumbline {
class tensor;
class tensor_set;
class keyed_text;
}  // namespace plumbline

namespace plumbline::quantize {

/// Where the bytes of a slot lie.
enum class cache_layout : std::uint8_t {
  rows,   // a slot is [codes dv][scales][rope]: 656 bytes for dv 512, tile 128, fp32 scales, 64 bf16 dims
  pages,  // a page is [codes dv, rope] of its slots, then their scales: 584 bytes a slot for dv 448, tile 64,
          // e8m0 scales (7 bytes and one of padding); indexer keys with fp32 scales and no rope
  split   // nope_part (slots, dv + scales) and rope_part (slots, rope), no pages
};

/// Shape of a cache of scaled codes.
struct cache_shape {
  dtype type = dtype::bf16;  // of the unquantized elements, and of the rotary dims in the cache
  cache_layout layout = cache_layout::rows;
  dtype scale_type = dtype::f32;  // of stored scales: f32 or e8m0
  std::int64_t dv = 512;          // quantized dims
  std::int64_t tile = 128;        // dims a scale
  std::int64_t d = 576;           // all dims; d - dv are rotary
  std::int64_t page_size = 64, num_pages = 1;
  std::int64_t page_gap = 0;  // unused bytes behind each page

  friend bool operator==(const cache_shape&, const cache_shape&) = default;
};

constexpr std::int64_t tiles(const cache_shape& p) { return p.dv / p.tile; }
constexpr std::int64_t slots(const cache_shape& p) { return p.page_size * p.num_pages; }
constexpr std::int64_t rope_bytes(const cache_shape& p) {
  return (p.d - p.dv) * static_cast<std::int64_t>(size_of(p.type));
}
/// Bytes of the scales of one slot; e8m0 bytes of a page are padded to a multiple of 8.
constexpr std::int64_t scale_bytes(const cache_shape& p) {
  const std::int64_t bytes = tiles(p) * static_cast<std::int64_t>(size_of(p.scale_type));
  return p.layout == cache_layout::pages && p.scale_type == dtype::e8m0 ? (bytes + 7) / 8 * 8 : bytes;
}
constexpr std::int64_t slot_bytes(const cache_shape& p) { return p.dv + scale_bytes(p) + rope_bytes(p); }
constexpr std::int64_t page_stride(const cache_shape& p) { return p.page_size * slot_bytes(p) + p.page_gap; }

/// Byte offsets of a slot's parts from the start of their tensor; with `split`, `rope` is in rope_part.
struct slot_place {
  std::int64_t codes, scales, rope;
};
constexpr slot_place place_of(const cache_shape& p, std::int64_t slot) {
  if (p.layout == cache_layout::split) {
    const std::int64_t codes = slot * (p.dv + scale_bytes(p));
    return {codes, codes + p.dv, slot * rope_bytes(p)};
  }
  const std::int64_t page = slot / p.page_size * page_stride(p), at = slot % p.page_size;
  if (p.layout == cache_layout::rows) {
    const std::int64_t codes = page + at * slot_bytes(p);
    return {codes, codes + p.dv, codes + p.dv + scale_bytes(p)};
  }
  const std::int64_t codes = page + at * (p.dv + rope_bytes(p));
  return {codes, page + p.page_size * (p.dv + rope_bytes(p)) + at * scale_bytes(p), codes + p.dv};
}

struct store_problem : cache_shape {
  policy rule;
  std::int64_t tokens = 1;
  std::int64_t hk = 1;     // KV heads; only 1 is taken
  bool separate = false;   // k_nope and k_rope are tensors of their own
  bool has_slots = false;  // slots given
  std::int64_t gap = 0;

  friend bool operator==(const store_problem&, const store_problem&) = default;
};

struct dequantize_problem : cache_shape {
  std::int64_t tokens = 1;
  bool has_indices = false;
  std::int64_t extra = 0;        // zero rows behind the tokens
  dtype out_type = dtype::bf16;  // bf16, f16, f32; e4m3: codes again, with scale 1
  std::int64_t gap = 0;          // unused elements behind each row of out

  friend bool operator==(const dequantize_problem&, const dequantize_problem&) = default;
};

/// How the scales of `groups` are stored, for a logical matrix (row groups, column groups).
enum class scale_layout : std::uint8_t {
  row_major,
  column_major,  // a column is contiguous and padded to a multiple of 4 rows
  packed  // e8m0 bytes, four column groups to an i32, the first lowest, unused bytes 0; columns as above
};

struct groups_problem {
  dtype type = dtype::bf16;  // of x: bf16, f16, f32
  policy rule;
  std::int64_t rows = 1, k = 128;
  std::int64_t group_rows = 1;  // rows under one scale
  std::int64_t group = 128;     // columns under one scale
  scale_layout layout = scale_layout::row_major;
  double scale_ub = 0;      // upper bound on amax; 0: none
  bool has_static = false;  // static_scale given: nothing is measured, no scales are written
  std::int64_t gap = 0;

  friend bool operator==(const groups_problem&, const groups_problem&) = default;
};

struct weight_dequant_problem {
  dtype code = dtype::e4m3;
  std::int64_t m = 128, n = 128, block = 128;
  dtype out_type = dtype::bf16;

  friend bool operator==(const weight_dequant_problem&, const weight_dequant_problem&) = default;
};

struct block_gemm_problem {
  dtype code = dtype::e4m3;  // of a and b
  std::int64_t m = 1, n = 128, k = 128;
  std::int64_t block_n = 128, block_k = 128;
  dtype out_type = dtype::bf16;

  friend bool operator==(const block_gemm_problem&, const block_gemm_problem&) = default;
};

struct scatter_problem {
  dtype type = dtype::u8;    // of the elements that come
  dtype stored = dtype::u8;  // of the buffer: the same, or e4m3 (a cast with scale 1 that saturates)
  std::int64_t tokens = 1, rows = 1;
  std::int64_t nope_width = 528, rope_width = 128;  // elements
  std::int64_t world = 1, rank = 0;  // of rows named by loc only loc % world == rank are here, at loc / world
  std::int64_t gap = 0;

  friend bool operator==(const scatter_problem&, const scatter_problem&) = default;
};

constexpr std::int64_t row_groups(const groups_problem& p) {
  return (p.rows + p.group_rows - 1) / p.group_rows;
}
constexpr std::int64_t column_groups(const groups_problem& p) { return (p.k + p.group - 1) / p.group; }

/// Problem to `key=value,...` and back.  Keys are the members' names; `dtype` for `type`, `policy` (a name of
/// the table) for `rule`.  Defaults are left out: the members', and what follows from the policy and the
/// other keys (tile, group: the policy's; d = dv + 64; num_pages: enough for the tokens).  `parse_*` throws
/// bad_argument on anything that `check` refuses and on unknown keys.
std::string to_text(const store_problem&);
std::string to_text(const dequantize_problem&);
std::string to_text(const groups_problem&);
std::string to_text(const weight_dequant_problem&);
std::string to_text(const block_gemm_problem&);
std::string to_text(const scatter_problem&);
store_problem parse_store(const keyed_text&);
dequantize_problem parse_dequantize(const keyed_text&);
groups_problem parse_groups(const keyed_text&);
weight_dequant_problem parse_weight_dequant(const keyed_text&);
block_gemm_problem parse_block_gemm(const keyed_text&);
scatter_problem parse_scatter(const keyed_text&);

/// Refuses bad arguments: throws bad_argument that names the argument.  The first form looks at the problem
/// alone, the second at the tensors too (presence, dtype, shape, contiguous last dim, values of indices).
void check(const store_problem&);
void check(const dequantize_problem&);
void check(const groups_problem&);
void check(const weight_dequant_problem&);
void check(const block_gemm_problem&);
void check(const scatter_problem&);
void check(const store_problem&, const tensor_set& inputs);
void check(const dequantize_problem&, const tensor_set& inputs);
void check(const groups_problem&, const tensor_set& inputs);
void check(const weight_dequant_problem&, const tensor_set& inputs);
void check(const block_gemm_problem&, const tensor_set& inputs);
void check(const scatter_problem&, const tensor_set& inputs);

/// Outputs of the right names, dtypes, shapes and strides (store, scatter: copies of the inputs').
tensor_set make_outputs(const store_problem&, const tensor_set& inputs);
tensor_set make_outputs(const dequantize_problem&);
tensor_set make_outputs(const groups_problem&);
tensor_set make_outputs(const weight_dequant_problem&);
tensor_set make_outputs(const block_gemm_problem&);
tensor_set make_outputs(const scatter_problem&, const tensor_set& inputs);

/// The tensors of an empty cache: `cache`, or `nope_part` and `rope_part`.  (rows: (pages, page_size,
/// slot_bytes); pages: (pages, page_size * slot_bytes); both with page_gap behind each page.)
tensor_set make_cache(const cache_shape&);
/// A matrix with `gap` unused elements behind each row.
tensor matrix(dtype type, std::int64_t rows, std::int64_t columns, std::int64_t gap = 0);

}  // namespace plumbline::quantize
