// project: y = x W^T on tensor cores, a block for 64 results of 8 or 64 tokens of one head.
//
// Eight tokens fill a tile (core/product_tiles.hpp).  Weights and tokens come in tiles of 64 products, one
// ahead of the sums (cp.async, two stages).  The query's absorption sums over the rows of the weight: the
// same tile, read transposed.  Results go through shared memory and leave by rows.
#pragma once

#include "kernels/mla/project_tiles.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

template <bool Codes, int Tokens>
struct project_memory {
  static constexpr int numbers = Codes ? 1 : 2;  // tiles of weights; codes wait in their own
  alignas(16) std::uint16_t weight[numbers][tile * tile_stride];
  alignas(16) std::uint16_t x[2][Tokens * tile_stride];
  alignas(16) std::uint8_t codes[Codes ? 2 : 1][Codes ? tile * code_stride : 16];
};

/// What a block computes: results from `result` on, of tokens from `token` on.
struct project_place {
  std::int64_t head, result, token, head_row;

  template <int Tokens>
  __device__ static project_place of_block(const project_params& p) {
    const std::int64_t token_tiles = blocks_for(p.tokens, Tokens), result_tiles = blocks_for(p.outer, tile);
    const std::int64_t block = blockIdx.x, rest = block / token_tiles, head = rest / result_tiles;
    return {head, rest % result_tiles * tile, block % token_tiles * Tokens, head * p.head_rows + p.first_row};
  }
};

template <bool Codes, int Tokens>
__device__ __forceinline__ void load_stage(const project_params& p, const project_place& at, std::int64_t k,
                                           int stage, project_memory<Codes, Tokens>& to) {
  const std::uint16_t* x = p.x + at.token * p.x_token + at.head * p.x_head + k;
  load_tile<Tokens>(to.x[stage], tile_stride,
                    matrix_corner<std::uint16_t>{x, p.x_token, p.tokens - at.token, p.inner - k}, p.wide_x);
  const std::int64_t row = p.rows_are_inner ? k : at.result, column = p.rows_are_inner ? at.result : k;
  const std::int64_t rows = (p.rows_are_inner ? p.inner : p.outer) - row;
  const std::int64_t first = (at.head_row + row) * p.columns + column;
  if constexpr (Codes)
    load_tile<tile>(to.codes[stage], code_stride,
                    matrix_corner<std::uint8_t>{static_cast<const std::uint8_t*>(p.weight) + first, p.columns,
                                                rows, p.columns - column},
                    p.wide_weight);
  else
    load_tile<tile>(to.weight[stage], tile_stride,
                    matrix_corner<std::uint16_t>{static_cast<const std::uint16_t*>(p.weight) + first,
                                                 p.columns, rows, p.columns - column},
                    p.wide_weight);
}

/// Rounds the sums into rows of tokens in shared memory, then stores those rows.
template <dtype Type, int Tokens>
__device__ __forceinline__ void store_results(const project_params& p, const project_place& at,
                                              const float sum[Tokens / 8][4], std::uint16_t* rows) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  PLUMBLINE_UNROLL
  for (int j = 0; j < Tokens / 8; ++j) {
    PLUMBLINE_UNROLL
    for (int i = 0; i < 4; ++i)
      rows[(8 * j + 2 * (lane % 4) + i % 2) * tile_stride + 16 * warp + lane / 4 + i / 2 * 8] =
          store_as<Type>(sum[j][i]);
  }
  __syncthreads();
  constexpr int piece = 8, pieces = tile / piece;
  for (int i = static_cast<int>(threadIdx.x); i < Tokens * pieces; i += project_threads) {
    const int row = i / pieces, column = i % pieces * piece;
    if (at.token + row >= p.tokens) continue;
    const std::uint16_t* from = rows + row * tile_stride + column;
    std::uint16_t* to = p.out + (at.token + row) * p.out_token + at.head * p.out_head + at.result + column;
    const std::int64_t count = p.outer - at.result - column;
    if (p.wide_out && count >= piece) {
      store16(to, load16(from));
      continue;
    }
    for (int e = 0; e < piece && e < count; ++e) to[e] = from[e];
  }
}

template <dtype Type, bool Codes, int Tokens>
__global__ void __launch_bounds__(project_threads) project_kernel(const project_params p) {
  auto& memory = *shared_memory<project_memory<Codes, Tokens>>();
  const project_place at = project_place::of_block<Tokens>(p);
  float sum[Tokens / 8][4] = {};
  load_stage<Codes, Tokens>(p, at, 0, 0, memory);
  copy_async_commit();
  for (std::int64_t k = 0; k < p.inner; k += tile) {
    const int stage = static_cast<int>(k / tile % 2);
    if (k + tile < p.inner) {
      load_stage<Codes, Tokens>(p, at, k + tile, 1 - stage, memory);
      copy_async_commit();
      copy_async_wait<1>();
    } else {
      copy_async_wait<0>();
    }
    __syncthreads();
    if constexpr (Codes) {
      const std::int64_t row = p.rows_are_inner ? k : at.result, column = p.rows_are_inner ? at.result : k;
      dequantize_tile<Type>(memory.weight[0], memory.codes[stage], p, at.head_row + row, column,
                            (p.rows_are_inner ? p.inner : p.outer) - row);
      __syncthreads();
    }
    add_products<Type, Tokens>(memory.weight[Codes ? 0 : stage], memory.x[stage], p.rows_are_inner, sum);
    __syncthreads();
  }
  store_results<Type, Tokens>(p, at, sum, memory.x[0]);
}

template <dtype Type, bool Codes, int Tokens>
void launch_tiles(const project_params& p, launcher& on) {
  const std::int64_t blocks = blocks_for(p.tokens, Tokens) * blocks_for(p.outer, tile) * p.heads;
  launch<&project_kernel<Type, Codes, Tokens>>(on, "project", {blocks, 1, 1}, project_threads,
                                               sizeof(project_memory<Codes, Tokens>), p);
}

template <dtype Type>
void launch_project(const project_params& p, launcher& on) {
  constexpr std::int64_t few_tokens = 16;
  if (p.scale != nullptr)
    return p.tokens <= few_tokens ? launch_tiles<Type, true, 8>(p, on) : launch_tiles<Type, true, 64>(p, on);
  return p.tokens <= few_tokens ? launch_tiles<Type, false, 8>(p, on) : launch_tiles<Type, false, 64>(p, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
