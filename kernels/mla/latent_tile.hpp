// How a block of the latent kernels shares one tile of latent rows among its warps.
//
// A tile is 64 rows of up to 576 numbers.  Rows are keys to the first product and, as far as their first
// columns go, values to the second: loaded once, used twice.
//
// Eight warps: warp w owns sixteen query rows, 16 (w mod 4), together with warp w xor 4.  In the scores each
// of the two takes half of the tile's keys; P goes through shared memory, and in the values each takes every
// other group of sixteen columns.  So a thread holds 16 x 256 / 32 = 128 sums, which is what the registers of
// 256 threads allow.
#pragma once

#include "kernels/mla/products.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int latent_width = 576, value_width = 512;  // columns that fit
inline constexpr int tile_rows = 64, tile_keys = 64, tile_threads = 256;
inline constexpr int warp_keys = 32;                 // of a tile, that one warp scores
inline constexpr int own_groups = value_width / 32;  // of sixteen columns, that one warp sums

/// out += P V over the tile; `p` holds the weights of the tile, rows of 64.  `half` says which groups of
/// sixteen columns are this warp's; there are `groups` in all.
template <dtype Type>
__device__ __forceinline__ void multiply_values(float (&out)[2 * own_groups][4], const std::uint16_t* p,
                                                int first_row, const std::uint16_t* v, int half, int groups) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  PLUMBLINE_UNROLL
  for (int first_key = 0; first_key < tile_keys; first_key += 16) {
    std::uint32_t a[4];
    kernels::load_matrix_x4(a, p + swizzled<tile_keys>(first_row + lane % 16, first_key / 8 + lane / 16));
    PLUMBLINE_UNROLL
    for (int j = 0; j < own_groups; ++j) {
      if (2 * j + half >= groups) break;
      multiply_group<Type, latent_width>(out[2 * j], out[2 * j + 1], a, v, first_key, 2 * j + half);
    }
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
