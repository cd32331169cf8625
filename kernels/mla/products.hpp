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
#include "kernels/mla/token_rows.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

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
    kernels::load_matrix_x4(a, q + swizzled<Width>(q_row, 2 * step + lane / 16));
    PLUMBLINE_UNROLL
    for (int first = 0; first < Tiles; first += 4) {
      if (8 * first >= keys) break;
      std::uint32_t b[2][4];
      PLUMBLINE_UNROLL
      for (int j = 0; j < 2; ++j)
        kernels::load_matrix_x4(b[j],
                                k + swizzled<Width>(k_row + 8 * first + 16 * j, 2 * step + lane / 8 % 2));
      PLUMBLINE_UNROLL
      for (int j = 0; j < 2; ++j) {
        kernels::mma_m16n8k16<Type>(s[first + 2 * j], a, b[j]);
        kernels::mma_m16n8k16<Type>(s[first + 2 * j + 1], a, b[j] + 2);
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
  kernels::load_matrix_x4_transposed(b, v + swizzled<Width>(first_key + lane % 16, 2 * group + lane / 16));
  const bool cleared = hidden && kernels::clear_not_finite<Type>(b);
  kernels::mma_m16n8k16<Type>(low, a, b);
  kernels::mma_m16n8k16<Type>(high, a, b + 2);
  return cleared;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
