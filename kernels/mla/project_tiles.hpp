// Tiles of a projection on their way into shared memory.
//
// Codes wait as they are and become numbers in shared memory: code times the scale of its block, rounded to
// fp32 and then to the type of x.
#pragma once

#include "kernels/core/convert.hpp"
#include "kernels/core/product_tiles.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/mla/project.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

using namespace kernels;

inline constexpr int tile = product_tile, tile_stride = product_stride, project_threads = product_threads;
inline constexpr int code_stride = 80;  // bytes between rows of codes: no two of eight share a bank
inline constexpr std::int64_t scale_block = 128;

/// Rows [0, rows) by columns [0, columns) of a matrix from `data` on; may be empty or negative.
template <class Element>
struct matrix_corner {
  const Element* data;
  std::int64_t stride, rows, columns;
};

/// Starts loading `Rows` x 64 elements; the caller commits.
template <int Rows, class Element>
__device__ __forceinline__ void load_tile(Element* to, int to_stride, const matrix_corner<Element>& from,
                                          bool wide) {
  load_product_tile<Rows>(to, to_stride, from.data, from.columns, wide, [&from](int row) {
    return row < from.rows ? from.data + row * from.stride : nullptr;
  });
}

/// Codes of a tile whose first element is (row, column) of the weight, as numbers.
template <dtype Type>
__device__ __forceinline__ void dequantize_tile(std::uint16_t* to, const std::uint8_t* codes,
                                                const project_params& p, std::int64_t row,
                                                std::int64_t column, std::int64_t rows) {
  constexpr int piece = 8, pieces = tile / piece;
  for (int i = static_cast<int>(threadIdx.x); i < tile * pieces; i += project_threads) {
    const int r = i / pieces, c = i % pieces * piece;
    // A piece lies in one block, but may end outside of the weight, where a scale must not reach.
    const std::int64_t count = r < rows ? p.columns - column - c : 0;
    const std::int64_t block = (row + r) / scale_block * p.scale_columns + (column + c) / scale_block;
    const float scale = count > 0 ? p.scale[block] : 0.0f;
    const std::uint8_t* from = codes + r * code_stride + c;
    const auto number = [&](int e) { return e < count ? load_as<dtype::e4m3>(from[e]) * scale : 0.0f; };
    vec16 numbers;
    PLUMBLINE_UNROLL
    for (int e = 0; e < piece / 2; ++e) numbers.w[e] = pack2<Type>(number(2 * e), number(2 * e + 1));
    store16(to + r * tile_stride + c, numbers);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
