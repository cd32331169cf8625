// quantize: the truth of its functions.
//
// Everything but the product is bits: what a writer stores, what a reader returns.  Where a policy leaves
// latitude, the bytes here are the nominal ones, and `scale_of` and `codes_of` of the same group say what
// else is right; a judge walks the groups with `elements_of`.  Each function first refuses bad arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/quantize_group.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

/// What a store writes, token by token.
struct store_truth {
  std::vector<std::int64_t> slot;   // -1: the token is skipped
  std::vector<std::uint8_t> codes;  // (tokens, dv)
  std::vector<float> scales;        // (tokens, tiles)
};
store_truth store(const store_problem&, const tensor_set& inputs);

/// The cache after the call, nominal bytes.
tensor_set outputs_of(const store_problem&, const tensor_set& inputs, const store_truth&);

/// The dv quantized elements of a token, exactly.
std::vector<double> elements_of(const store_problem&, const tensor_set& inputs, std::int64_t token);
/// The bytes of its rotary dims, which are copied.
const std::byte* rope_of(const store_problem&, const tensor_set& inputs, std::int64_t token);

/// Writes one slot: dv codes, one scale a tile, the rotary bytes.  `rope_part` is looked at with the layout
/// split only.  Padding keeps its bytes.
void write_slot(const cache_shape&, std::int64_t slot, const std::uint8_t* codes, const float* scales,
                const std::byte* rope, std::byte* cache, std::byte* rope_part = nullptr);

/// One slot as it lies in a cache.
struct slot_bytes_view {
  const std::uint8_t* codes;
  const std::byte* scales;
  const std::byte* rope;
};
slot_bytes_view slot_of(const cache_shape&, std::int64_t slot, const std::byte* cache,
                        const std::byte* rope_part = nullptr);
/// The scale of a tile, as stored: f32, or the power of two of an e8m0 byte (255: NaN).
float scale_at(const cache_shape&, const std::byte* scales, std::int64_t tile);

/// A slot read back: d values in `out_type`, dequantized dims as `value_of` has them, rotary dims as they are
/// (rounded when out_type is not their type).  Codes of `out_type`, d elements, are written to `out`; rotary
/// bits are kept where the types are one, NaN payloads too.
void read_slot(const cache_shape&, dtype out_type, const slot_bytes_view&, std::byte* out);

/// Rows by index or all in order, then the zero rows.
tensor dequantize(const dequantize_problem&, const tensor_set& inputs);

/// Codes and scales by group.
struct groups_truth {
  std::vector<std::uint8_t> codes;  // (rows, k)
  std::vector<float> scales;        // (row groups, column groups); static: empty
};
groups_truth groups(const groups_problem&, const tensor_set& inputs);
tensor_set outputs_of(const groups_problem&, const groups_truth&);

/// Elements of one group, and where each lies in a (rows, k) matrix: `place` is row * k + column.
struct group_elements {
  std::vector<double> x;
  std::vector<std::int64_t> place;
};
group_elements elements_of(const groups_problem&, const tensor_set& inputs, std::int64_t row_group,
                           std::int64_t column_group);
/// The scale of a group in `scales` as stored: f32, or a packed e8m0 byte.
float scale_at(const groups_problem&, const tensor& scales, std::int64_t row_group,
               std::int64_t column_group);
/// Bytes of `scales` that hold no scale are zero (packed alone has such bytes).
bool unused_scales_are_zero(const groups_problem&, const tensor& scales);

/// out[i, j] = code[i, j] * scale[i div block, j div block], rounded to fp32 and then to out_type.
tensor weight_dequant(const weight_dequant_problem&, const tensor_set& inputs);

/// Truth of a block-scaled product, and what a budget for it needs.  Block b holds columns b * block_k .. of
/// a and b, B_b = (sum over it of a * b) * a_scale * b_scale; its sum is exact.
struct block_gemm_truth {
  std::vector<double> out;  // (m, n): sum of B_b, in double
  std::vector<double> s1;   // (m, n): sum of |a b a_scale b_scale|, what random errors scale with
  std::vector<double> sb;   // (m, n): sum of |B_b|, what a chain over blocks loses
  /// sb over steps of at most 128 columns of a block; s1 and sb over those steps whose sum is not exact in 13
  /// fraction bits; and of these, what their products lose at most below the 13th fraction bit of the
  /// largest: |sum|, and sum of squares.
  std::vector<double> step_sb, rounding_s1, rounding_sb, lost, lost2;
  std::int64_t steps = 0;  // of at most 128 columns, no step crosses a block
  std::int64_t blocks = 0;
  /// (blocks, m, n): B_b, for filters over blocks; empty unless asked for.
  std::vector<double> block;
};
block_gemm_truth block_gemm(const block_gemm_problem&, const tensor_set& inputs, bool keep_blocks = false);

/// The buffer after the call.
tensor scatter(const scatter_problem&, const tensor_set& inputs);

}  // namespace plumbline::quantize
