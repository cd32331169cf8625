// Products y = x W^T on tensor cores: tiles on their way into shared memory, and what a warp makes of them.
//
// The weight is the left operand of mma and the tokens are the right one, so few tokens waste little.  A tile
// is 64 columns of some rows; what lies outside its matrix is zero, so sums need no edge.  Rows that lie on
// 16 bytes come by asynchronous copies, others element by element, into the same places.  Every sum runs over
// k in order, sixteen at a time, whatever the tile it falls into, so a token's bits depend on nothing else in
// the batch.
#pragma once

#include "kernels/core/memory.hpp"
#include "kernels/core/mma.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int product_tile = 64;      // results, and products, of a tile
inline constexpr int product_stride = 72;    // 16-bit elements between its rows: no two of eight share a bank
inline constexpr int product_threads = 128;  // of a block: a warp has 16 results

/// Starts loading `Rows` x 64 elements, of which `columns` columns exist; the caller commits.  `row_of(row)`
/// is where a row begins, null where there is none; `anywhere` is an address that may be named.
template <int Rows, class Element, class RowOf>
__device__ __forceinline__ void load_product_tile(Element* to, int to_stride, const Element* anywhere,
                                                  std::int64_t columns, bool wide, RowOf row_of) {
  constexpr int piece = 16 / static_cast<int>(sizeof(Element)), pieces = product_tile / piece;
  for (int i = static_cast<int>(threadIdx.x); i < Rows * pieces; i += product_threads) {
    const int row = i / pieces, column = i % pieces * piece;
    const Element* const source = row_of(row);
    Element* target = to + row * to_stride + column;
    if (wide) {
      const bool inside = source != nullptr && column < columns;
      copy_async16(target, inside ? source + column : anywhere, inside);
      continue;
    }
    for (int e = 0; e < piece; ++e)
      target[e] = source != nullptr && column + e < columns ? source[column + e] : Element{0};
  }
}

/// Adds the products of one tile.  Warp w has results 16 w to 16 w + 15, of `Tokens` (8, or whole sixteens)
/// tokens.  `rows_are_inner`: the tile's rows are k and its columns the results.
template <dtype Type, int Tokens>
__device__ __forceinline__ void add_products(const std::uint16_t* weight, const std::uint16_t* x,
                                             bool rows_are_inner, float sum[Tokens / 8][4]) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int matrix = lane / 8, row = lane % 8;
  PLUMBLINE_UNROLL
  for (int k = 0; k < product_tile; k += 16) {
    std::uint32_t a[4], b[4];
    const int half = matrix % 2 * 8, later = k + matrix / 2 * 8;
    if (rows_are_inner)
      load_matrix_x4_transposed(a, weight + (later + row) * product_stride + 16 * warp + half);
    else
      load_matrix_x4(a, weight + (16 * warp + half + row) * product_stride + later);
    if constexpr (Tokens == 8) {
      load_matrix_x2(b, x + row * product_stride + k + half);
      mma_m16n8k16<Type>(sum[0], a, b);
    } else {
      PLUMBLINE_UNROLL
      for (int t = 0; t < Tokens; t += 16) {
        load_matrix_x4(b, x + (t + matrix / 2 * 8 + row) * product_stride + k + half);
        mma_m16n8k16<Type>(sum[t / 8], a, b);
        mma_m16n8k16<Type>(sum[t / 8 + 1], a, b + 2);
      }
    }
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
