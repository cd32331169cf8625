// Sixteen query rows of one warp of prefill: load, weigh, multiply, store.
//
// A warp sees all keys of a tile, so a row's maximum needs two shuffles, and the fragment of the scores is
// the operand of the next product: P stays in registers.
#pragma once

#include "kernels/mla/prefill.hpp"
#include "kernels/mla/products.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of K or V of one sequence and KV head into a tile; from `count` on, up to `padded`, rows are zeros.
template <int Threads, int Width>
__device__ __forceinline__ void start_rows(std::uint16_t* tile, const token_rows& from, int n, int hk,
                                           int first_key, int count, int padded, int width) {
  const auto* start = static_cast<const std::uint16_t*>(from.data);
  for_each_chunk<Threads>(padded, (width + 15) / 16 * 2, [&](int row, int chunk) {
    const bool valid = row < count && chunk * 8 < width;
    const std::uint16_t* source = start + (valid ? from.offset(n, first_key + row, hk) + chunk * 8 : 0);
    std::uint16_t* const to = tile + swizzled<Width>(row, chunk);
    if (from.aligned)
      kernels::copy_async16(to, source, valid);
    else
      kernels::store16(to, valid ? gather16(source, width - chunk * 8) : kernels::vec16{});
  });
}

/// Packed rows first_row.. of the queries of a KV head; from `rows` on they are zeros.
template <int Threads>
__device__ inline void load_head_queries(std::uint16_t* q, const prefill_params& p, int n, int hk,
                                         int first_row, int count, int rows) {
  for_each_chunk<Threads>(count, (p.d + 15) / 16 * 2, [&](int row, int chunk) {
    kernels::vec16 codes = {};
    if (row < rows && chunk * 8 < p.d) {
      const int packed = first_row + row;
      const auto* from = static_cast<const std::uint16_t*>(p.q.data) + chunk * 8 +
                         p.q.offset(n, packed / p.group, hk * p.group + packed % p.group);
      codes = p.q.aligned ? kernels::load16(from) : gather16(from, p.d - chunk * 8);
    }
    kernels::store16(q + swizzled<head_width>(row, chunk), codes);
  });
}

/// Keys that a packed row of a sequence of `keys` sees: [0, end).
__device__ inline int end_of_row(const prefill_params& p, int keys, int packed) {
  if (!p.causal) return keys;
  const std::int64_t end = static_cast<std::int64_t>(keys) - p.sq + packed / p.group + 1;
  return static_cast<int>(end < 0 ? 0 : end < keys ? end : keys);
}

using head_rows = kernels::attention_rows<head_value_width>;

/// Row of `out`, as it lies, of a packed row.
__device__ inline std::int64_t row_of_call(const prefill_params& p, int n, int hk, int packed) {
  return (static_cast<std::int64_t>(n) * p.sq + packed / p.group) * (p.hk * p.group) + hk * p.group +
         packed % p.group;
}

/// Turns raw scores of keys first_key.. into weights; keys from `end` on weigh nothing.  The warp has packed
/// rows first_row.. of which `count` exist.
template <int Tiles>
__device__ __forceinline__ void weigh_rows(float (&s)[Tiles][4], head_rows& rows, const prefill_params& p,
                                           const int (&end)[2], int first_key, int n, int hk, int first_row,
                                           int count) {
  kernels::weigh_tile(
      s, rows, p.units, [&](int r, int key) { return first_key + key < end[r]; },
      [&](int r, int key, double score) {
        const int row = 8 * r + static_cast<int>(threadIdx.x) % 32 / 4;
        if (row < count)
          kernels::show(tap::scores, row_of_call(p, n, hk, first_row + row), 0, first_key + key, score);
      });
}

/// out += P V over 8 * Tiles keys, of which `keys` exist; a row sees keys [0, end), all rows those before
/// `by_all`.
template <dtype Type, int Tiles>
__device__ __forceinline__ void multiply_weights(head_rows& rows, const float (&weights)[Tiles][4],
                                                 const std::uint16_t* v, int keys, int dv, int by_all,
                                                 const int (&end)[2]) {
  kernels::add_weighted<Type>(rows, weights, v, keys, dv, by_all,
                              [&](int r, int key) { return key < end[r]; });
}

/// Normalises and stores the rows of a warp, packed rows first_row.. of which `count` exist.
template <dtype Type>
__device__ inline void store_head_rows(const prefill_params& p, const head_rows& rows, int n, int hk,
                                       int first_row, int count) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const bool pairs = p.out.aligned && p.dv % 2 == 0;
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    float sum = rows.sum[r];
    sum += __shfl_xor_sync(all_lanes, sum, 1);
    sum += __shfl_xor_sync(all_lanes, sum, 2);
    const int row = 8 * r + lane / 4;
    if (row >= count) continue;
    const int token = (first_row + row) / p.group, head = hk * p.group + (first_row + row) % p.group;
    float& lse = p.lse[n * p.lse_batch + head * p.lse_head + token * p.lse_token];
    if (lane % 4 == 0) lse = p.units.log_sum(rows.maximum[r], sum);
    kernels::show_row(rows, r, sum, lse, p.units, row_of_call(p, n, hk, first_row + row), p.dv);
    std::uint16_t* out = static_cast<std::uint16_t*>(p.out.data) + p.out.offset(n, token, head);
    PLUMBLINE_UNROLL
    for (int c = 0; c < head_value_width / 8; ++c) {
      const int column = 8 * c + 2 * (lane % 4);
      if (column >= p.dv) break;
      const float low = sum == 0 ? 0.0f : rows.out[c][2 * r] / sum,
                  high = sum == 0 ? 0.0f : rows.out[c][2 * r + 1] / sum;
      if (pairs) {
        *reinterpret_cast<std::uint32_t*>(out + column) = kernels::pack2<Type>(low, high);
      } else {
        out[column] = kernels::store_as<Type>(low);
        if (column + 1 < p.dv) out[column + 1] = kernels::store_as<Type>(high);
      }
    }
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
