// Tiles of latent rows in shared memory, and the two products that a warp takes from them.
//
// A tile is 64 rows of up to 576 numbers of 16 bits in 16-byte chunks.  ldmatrix reads the same chunk of
// eight consecutive rows at once; with the chunk's number xor-ed by the row's low three bits those eight lie
// in eight different bank groups, and so do the chunks of one row when it is written.  Rows are keys to the
// first product and, as far as their first columns go, values to the second: loaded once, used twice.
//
// Eight warps: warp w owns sixteen query rows, 16 (w mod 4), together with warp w xor 4.  In the scores each
// of the two takes half of the tile's keys; P goes through shared memory, and in the values each takes every
// other group of sixteen columns.  So a thread holds 16 x 256 / 32 = 128 sums, which is what the registers of
// 256 threads allow.
#pragma once

#include "kernels/core/memory.hpp"
#include "kernels/core/mma.hpp"
#include "kernels/mla/token_rows.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int latent_width = 576, value_width = 512;  // columns that fit
inline constexpr int tile_rows = 64, tile_keys = 64, tile_threads = 256;
inline constexpr int warp_keys = 32;                 // of a tile, that one warp scores
inline constexpr int own_groups = value_width / 32;  // of sixteen columns, that one warp sums

/// Element index of a 16-byte chunk of a row of a tile of `Width` columns.
template <int Width>
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return row * Width + ((chunk ^ (row & 7)) * 8);
}

/// Calls `each(row, chunk)` for this thread's share of a tile: eight neighbours read 128 bytes of a row.
template <class Each>
__device__ __forceinline__ void for_each_chunk(int chunks, Each each) {
  const int thread = static_cast<int>(threadIdx.x);
  for (int row = thread / 8; row < tile_keys; row += tile_threads / 8)
    for (int chunk = thread % 8; chunk < chunks; chunk += 8) each(row, chunk);
}

/// Raw scores of sixteen query rows and 32 keys; `steps` times sixteen columns.
template <dtype Type>
__device__ __forceinline__ void multiply_scores(float (&s)[warp_keys / 8][4], const std::uint16_t* q,
                                                int first_row, const std::uint16_t* k, int first_key,
                                                int steps) {
  constexpr int pairs = warp_keys / 16;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int q_row = first_row + lane % 16, k_row = first_key + lane / 16 * 8 + lane % 8;
  for (int step = 0; step < steps; ++step) {
    std::uint32_t a[4], b[pairs][4];
    kernels::load_matrix_x4(a, q + swizzled<latent_width>(q_row, 2 * step + lane / 16));
    PLUMBLINE_UNROLL
    for (int j = 0; j < pairs; ++j)
      kernels::load_matrix_x4(b[j], k + swizzled<latent_width>(k_row + 16 * j, 2 * step + lane / 8 % 2));
    PLUMBLINE_UNROLL
    for (int j = 0; j < pairs; ++j) {
      kernels::mma_m16n8k16<Type>(s[2 * j], a, b[j]);
      kernels::mma_m16n8k16<Type>(s[2 * j + 1], a, b[j] + 2);
    }
  }
}

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
      std::uint32_t b[4];
      kernels::load_matrix_x4_transposed(
          b, v + swizzled<latent_width>(first_key + lane % 16, 2 * (2 * j + half) + lane / 16));
      kernels::mma_m16n8k16<Type>(out[2 * j], a, b);
      kernels::mma_m16n8k16<Type>(out[2 * j + 1], a, b + 2);
    }
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
