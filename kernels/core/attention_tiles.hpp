// The two products of attention on tensor cores, from tiles in shared memory, a warp at a time.
//
// A tile is rows of `Width` 16-bit numbers in 16-byte chunks.  ldmatrix reads the same chunk of eight
// consecutive rows at once; with the chunk's number xor-ed by the row's low three bits those eight lie in
// eight different bank groups, and so do the chunks of one row when it is written.  Columns beyond a width
// are zeros up to the next multiple of sixteen and never touched beyond it: the loops stop there.
#pragma once

#include "kernels/core/hidden_values.hpp"
#include "kernels/core/memory.hpp"
#include "kernels/core/mma.hpp"
#include "kernels/core/softmax.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// Eight 16-bit elements at any address; those from `left` on are zero and not read.
__device__ inline vec16 gather16(const std::uint16_t* from, int left) {
  vec16 chunk = {};
  PLUMBLINE_UNROLL
  for (int e = 0; e < 8; ++e)
    if (e < left) chunk.w[e / 2] |= static_cast<std::uint32_t>(from[e]) << (e % 2 * 16);
  return chunk;
}

/// Element index of a 16-byte chunk of a row of a tile of `Width` columns.
template <int Width>
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return row * Width + ((chunk ^ (row & 7)) * 8);
}

/// Calls `each(row, chunk)` for this thread's share of `rows` rows: eight neighbours read 128 bytes of a row.
template <int Threads, class Each>
__device__ __forceinline__ void for_each_chunk(int rows, int chunks, Each each) {
  const int thread = static_cast<int>(threadIdx.x) % Threads;
  for (int row = thread / 8; row < rows; row += Threads / 8)
    for (int chunk = thread % 8; chunk < chunks; chunk += 8) each(row, chunk);
}

/// Raw scores of sixteen query rows and 8 * Tiles keys, of which `keys` exist; `steps` times sixteen columns.
template <dtype Type, int Width, int Tiles>
__device__ __forceinline__ void multiply_scores(float (&s)[Tiles][4], const std::uint16_t* q, int first_row,
                                                const std::uint16_t* k, int first_key, int keys, int steps) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int q_row = first_row + lane % 16, k_row = first_key + lane / 16 * 8 + lane % 8;
  for (int step = 0; step < steps; ++step) {
    std::uint32_t a[4];
    load_matrix_x4(a, q + swizzled<Width>(q_row, 2 * step + lane / 16));
    PLUMBLINE_UNROLL
    for (int first = 0; first < Tiles; first += 4) {
      if (8 * first >= keys) break;
      std::uint32_t b[2][4];
      PLUMBLINE_UNROLL
      for (int j = 0; j < 2; ++j)
        load_matrix_x4(b[j], k + swizzled<Width>(k_row + 8 * first + 16 * j, 2 * step + lane / 8 % 2));
      PLUMBLINE_UNROLL
      for (int j = 0; j < 2; ++j) {
        mma_m16n8k16<Type>(s[first + 2 * j], a, b[j]);
        mma_m16n8k16<Type>(s[first + 2 * j + 1], a, b[j] + 2);
      }
    }
  }
}

/// out += P V for sixteen keys from `first_key` on and sixteen columns; `a` holds the weights as an operand.
/// Where a key is hidden from some row, values without a finite number are left out; true: there were such.
template <dtype Type, int Width>
__device__ __forceinline__ bool multiply_group(float (&low)[4], float (&high)[4], const std::uint32_t (&a)[4],
                                               const std::uint16_t* v, int first_key, int group,
                                               bool hidden = false) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  std::uint32_t b[4];
  load_matrix_x4_transposed(b, v + swizzled<Width>(first_key + lane % 16, 2 * group + lane / 16));
  const bool cleared = hidden && clear_not_finite<Type>(b);
  mma_m16n8k16<Type>(low, a, b);
  mma_m16n8k16<Type>(high, a, b + 2);
  return cleared;
}

/// out += P V over 8 * Tiles keys, of which `keys` exist; weights are rounded to `Type` here.  From key
/// `by_all` on some row of the warp may not see a key: there, values without a finite number are added apart,
/// to those of this lane's two rows that do: `sees(r, key)`.
template <dtype Type, int Tiles, int Width, class Sees>
__device__ __forceinline__ void add_weighted(attention_rows<Width>& rows, const float (&weights)[Tiles][4],
                                             const std::uint16_t* v, int keys, int width, int by_all,
                                             Sees sees) {
  bool cleared = false;
  PLUMBLINE_UNROLL
  for (int pair = 0; pair < Tiles / 2; ++pair) {
    if (16 * pair >= keys) break;
    std::uint32_t a[4];
    PLUMBLINE_UNROLL
    for (int r = 0; r < 4; ++r)
      a[r] = pack2<Type>(weights[2 * pair + r / 2][r % 2 * 2], weights[2 * pair + r / 2][r % 2 * 2 + 1]);
    PLUMBLINE_UNROLL
    for (int group = 0; group < Width / 16; ++group) {
      if (16 * group >= width) break;
      if (multiply_group<Type, Width>(rows.out[2 * group], rows.out[2 * group + 1], a, v, 16 * pair, group,
                                      16 * pair + 16 > by_all))
        cleared = true;
    }
  }
  if (!cleared) return;
  const int own_column = static_cast<int>(threadIdx.x) % 4 * 2;
  add_not_finite<Type>(
      rows.out, keys, width,
      [&](int key, int c) { return pair_at(v + swizzled<Width>(key, c) + own_column); }, sees);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
