// Tiles of keys in shared memory, and what a warp computes from them on tensor cores.
//
// A tile of keys is some rows of `Width` 16-bit elements in 16-byte chunks.  ldmatrix reads the same chunk of
// eight consecutive rows at once; with the chunk's number xor-ed by the row's low three bits those eight lie
// in eight different bank groups, and so do the chunks of one row when it is written.  Columns beyond the
// head dim are zeros up to the next multiple of 16 and never touched beyond it: the loops stop there.
//
// Scores need no transpose (K^T in column order is K in row order); values are transposed by ldmatrix.  The
// accumulator fragment of the scores is the operand fragment of the next product, so P stays in registers.
#pragma once

#include "kernels/core/hidden_values.hpp"
#include "kernels/core/memory.hpp"
#include "kernels/core/mma.hpp"
#include "kernels/core/numeric.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// Sizes of a block's work, a template argument of `split`'s kernel (a type: nvcc takes no value of a class
/// there). `Keys` move between two barriers, rows of up to `Width` elements; `Rows` packed query rows are 16,
/// which all warps share, or 16 of its own for every warp.
template <int Keys, int Width, int Rows, int Warps = 4>
struct split_tile {
  static constexpr int keys = Keys, width = Width, rows = Rows, warps = Warps, threads = 32 * Warps;
  static constexpr bool own_rows = Rows == 16 * Warps;  // then every warp sees all keys, else its share
  static constexpr int warp_keys = own_rows ? Keys : Keys / Warps;
  static_assert(own_rows || Rows == 16, "rows are 16, or 16 a warp");
  static_assert(Keys % 16 == 0 && warp_keys % 16 == 0, "a warp multiplies 16 keys at a time");
};

/// Type of the operands of the tensor cores: every e4m3 value is an f16 value.
constexpr dtype operand_of(dtype type) { return type == dtype::e4m3 ? dtype::f16 : type; }

/// Element index of a 16-byte chunk of a tile row.
template <int Width>
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return row * Width + ((chunk ^ (row & 7)) * 8);
}

/// Loads one 16-byte chunk whose address need not be aligned; elements from `left` on are zero.
template <dtype Type>
__device__ inline kernels::vec16 gather16(const kernels::stored<Type>* from, int left) {
  using element = kernels::stored<Type>;
  constexpr int count = 16 / static_cast<int>(sizeof(element));
  constexpr int in_word = 4 / static_cast<int>(sizeof(element));
  kernels::vec16 chunk = {};
  PLUMBLINE_UNROLL
  for (int e = 0; e < count; ++e)
    if (e < left)
      chunk.w[e / in_word] |= static_cast<std::uint32_t>(from[e])
                              << (e % in_word * 8 * static_cast<int>(sizeof(element)));
  return chunk;
}

/// Widens a chunk of 16 e4m3 values to two chunks of f16.
__device__ inline void widen16(kernels::vec16 codes, kernels::vec16 (&wide)[2]) {
  PLUMBLINE_UNROLL
  for (int word = 0; word < 4; ++word) {
    wide[word / 2].w[word % 2 * 2] = kernels::widen_e4m3x2(codes.w[word] & 0xffffu);
    wide[word / 2].w[word % 2 * 2 + 1] = kernels::widen_e4m3x2(codes.w[word] >> 16);
  }
}

/// This thread's share of a tile: of some rows every `lanes`-th chunk, so that neighbours read neighbours.
template <int Chunks, int Threads, class Each>
__device__ __forceinline__ void for_each_chunk(int rows, int used, Each each) {
  constexpr int lanes = Chunks % 8 == 0 ? 8 : 4;
  const int thread = static_cast<int>(threadIdx.x), first = thread % lanes;
  for (int row = thread / lanes; row < rows; row += Threads / lanes) {
    PLUMBLINE_UNROLL
    for (int j = 0; j < Chunks / lanes; ++j)
      if (first + lanes * j < used) each(row, first + lanes * j);
  }
}

/// Starts the copy of a tile of rows, `offsets[row]` elements behind `from`; a negative offset is a row of
/// zeros. 16-bit types arrive swizzled, e4m3 as plain bytes to be widened by the same thread.
template <dtype Type, class Tile>
__device__ inline void start_tile(void* tile, const kernels::stored<Type>* from, const std::int64_t* offsets,
                                  int width, bool aligned) {
  using element = kernels::stored<Type>;
  constexpr int unit = 16 / static_cast<int>(sizeof(element));
  constexpr int keys = Tile::keys, row_elements = Tile::width;
  const int used = (width + 15) / 16 * 16 / unit;
  for_each_chunk<Tile::width / unit, Tile::threads>(keys, used, [&](int row, int chunk) {
    const std::int64_t offset = offsets[row];
    const bool valid = offset >= 0 && chunk * unit < width;
    const element* source = from + (valid ? offset + chunk * unit : 0);
    element* target =
        static_cast<element*>(tile) +
        (sizeof(element) == 2 ? swizzled<Tile::width>(row, chunk) : row * row_elements + chunk * unit);
    if (aligned)
      kernels::copy_async16(target, source, valid);
    else
      kernels::store16(target, gather16<Type>(source, valid ? width - chunk * unit : 0));
  });
}

/// Widens what this thread copied of an e4m3 tile.
template <class Tile>
__device__ inline void widen_tile(std::uint16_t* wide_tile, const std::uint8_t* tile, int width) {
  constexpr int keys = Tile::keys, row_elements = Tile::width;
  for_each_chunk<Tile::width / 16, Tile::threads>(keys, width / 16, [&](int row, int chunk) {
    kernels::vec16 wide[2];
    widen16(kernels::load16(tile + row * row_elements + chunk * 16), wide);
    kernels::store16(wide_tile + swizzled<Tile::width>(row, 2 * chunk), wide[0]);
    kernels::store16(wide_tile + swizzled<Tile::width>(row, 2 * chunk + 1), wide[1]);
  });
}

/// Zeros for what is no finite number of what this thread copied of a tile; whether there was such a number.
template <dtype Type, class Tile>
__device__ inline bool clear_tile(std::uint16_t* tile, int width) {
  constexpr int unit = 16 / static_cast<int>(sizeof(kernels::stored<Type>)), wide = unit / 8;
  bool found = false;
  for_each_chunk<Tile::width / unit, Tile::threads>(
      Tile::keys, (width + 15) / 16 * 16 / unit, [&](int row, int chunk) {
        PLUMBLINE_UNROLL
        for (int j = 0; j < wide; ++j) {
          std::uint16_t* const at = tile + swizzled<Tile::width>(row, wide * chunk + j);
          kernels::vec16 values = kernels::load16(at);
          if (!kernels::clear_own_not_finite<operand_of(Type)>(values.w)) continue;
          kernels::store16(at, values);
          found = true;
        }
      });
  return found;
}

/// Raw scores of 16 query rows and 8 * Tiles keys, both starting at multiples of 16 rows.
template <dtype Operand, int Width, int Tiles>
__device__ __forceinline__ void multiply_scores(float (&s)[Tiles][4], const std::uint16_t* q, int first_row,
                                                const std::uint16_t* k, int first_key, int steps) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int q_row = first_row + lane % 16, k_row = first_key + lane / 16 * 8 + lane % 8;
  constexpr int pairs = Tiles / 2,
                ahead = Width > 192 ? (pairs + 1) / 2 : pairs;  // wide rows are short of registers
  for (int step = 0; step < steps; ++step) {
    std::uint32_t a[4];
    kernels::load_matrix_x4(a, q + swizzled<Width>(q_row, 2 * step + lane / 16));
    PLUMBLINE_UNROLL
    for (int first = 0; first < pairs; first += ahead) {
      std::uint32_t b[ahead][4];
      PLUMBLINE_UNROLL
      for (int j = 0; j < ahead; ++j)
        kernels::load_matrix_x4(b[j], k + swizzled<Width>(k_row + 16 * (first + j), 2 * step + lane / 8 % 2));
      PLUMBLINE_UNROLL
      for (int j = 0; j < ahead; ++j) {
        kernels::mma_m16n8k16<Operand>(s[2 * (first + j)], a, b[j]);
        kernels::mma_m16n8k16<Operand>(s[2 * (first + j) + 1], a, b[j] + 2);
      }
    }
  }
}

/// out += P V over 8 * Tiles keys; `p` holds the weights as the operand of the product.
template <dtype Operand, int Width, int Tiles>
__device__ __forceinline__ void multiply_values(float (&out)[Width / 8][4],
                                                const std::uint32_t (&p)[Tiles / 2][4],
                                                const std::uint16_t* v, int first_key, int steps) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  PLUMBLINE_UNROLL
  for (int pair = 0; pair < Tiles / 2; ++pair) {
    const int row = first_key + 16 * pair + lane % 16;
    PLUMBLINE_UNROLL
    for (int step = 0; step < Width / 16; ++step) {
      if (step >= steps) break;
      std::uint32_t b[4];
      kernels::load_matrix_x4_transposed(b, v + swizzled<Width>(row, 2 * step + lane / 16));
      kernels::mma_m16n8k16<Operand>(out[2 * step], p[pair], b);
      kernels::mma_m16n8k16<Operand>(out[2 * step + 1], p[pair], b + 2);
    }
  }
}

/// Two weights as an operand register; e4m3 weights are scaled by 2^8 and rounded to e4m3 first.
template <dtype Type>
__device__ __forceinline__ std::uint32_t pack_weights(float low, float high) {
  if constexpr (Type == dtype::e4m3)
    return kernels::widen_e4m3x2(kernels::pack2_e4m3(low * 256.0f, high * 256.0f));
  else
    return kernels::pack2<Type>(low, high);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
