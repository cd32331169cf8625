// The body of `split`: load, multiply, weigh, multiply, merge, store.  See split_kernel.hpp.
#pragma once

#include "kernels/flash_decode/split_kernel.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// What a lane keeps of its two rows (lane/4 and lane/4 + 8 of its warp's sixteen) while keys go by.
template <int Width>
struct running_rows {
  float out[Width / 8][4] = {};
  float maximum[2] = {minus_infinity, minus_infinity};
  float sum[2] = {};  // of this lane's columns
};

/// Packed query rows into shared memory, widened; rows that do not exist are zeros.
template <dtype Type, class Tile>
__device__ inline void load_queries(std::uint16_t* q, const split_params& p, const split_block& b) {
  using element = kernels::stored<Type>;
  constexpr int unit = 16 / static_cast<int>(sizeof(element));
  constexpr int rows = Tile::rows, width = Tile::width;
  const int used = (p.d + 15) / 16 * 16 / unit;
  for_each_chunk<width / unit, Tile::threads>(rows, used, [&](int row, int chunk) {
    const int packed = b.first_row + row;
    const bool valid = row < b.rows && chunk * unit < p.d;
    kernels::vec16 codes = {};
    if (valid) {
      const auto* from = static_cast<const element*>(p.q.data) + chunk * unit +
                         p.q.offset(b.n, b.first_token + packed / p.group, b.hk * p.group + packed % p.group);
      codes = p.q.aligned ? kernels::load16(from) : gather16<Type>(from, p.d - chunk * unit);
    }
    if constexpr (Type == dtype::e4m3) {
      kernels::vec16 wide[2];
      widen16(codes, wide);
      kernels::store16(q + swizzled<width>(row, 2 * chunk), wide[0]);
      kernels::store16(q + swizzled<width>(row, 2 * chunk + 1), wide[1]);
    } else {
      kernels::store16(q + swizzled<width>(row, chunk), codes);
    }
  });
}

/// Addresses of one tile's rows, first those of K, then those of V.  -1: a row of zeros.
template <class Tile>
__device__ inline void look_up_rows(std::int64_t* offsets, const split_params& p, const split_block& b,
                                    int tile) {
  constexpr int tile_keys = Tile::keys, threads = Tile::threads;
  PLUMBLINE_UNROLL
  for (int first = 0; first < 2 * tile_keys; first += threads) {
    const int at = first + static_cast<int>(threadIdx.x);
    if (2 * tile_keys % threads != 0 && at >= 2 * tile_keys) break;
    const cache_rows& cache = at < tile_keys ? p.k : p.v;
    const int key = tile * tile_keys + at % tile_keys;
    const bool seen = tile < b.first_tile + b.tiles && key >= b.seen.begin && key < b.seen.end;
    offsets[at] = seen ? slot_offset(p.lengths, cache, b.cache_row, b.leftpad + key) + b.hk * cache.head : -1;
  }
}

/// Turns raw scores into weights, and brings what was summed so far down to the new maximum.  `show_score`
/// gets each score: which of the lane's two rows, key, score in its units.
template <int Width, int Tiles, class Show>
__device__ __forceinline__ void weigh(float (&s)[Tiles][4], running_rows<Width>& rows,
                                      const score_units& units, const key_span (&seen)[2], bool all_seen,
                                      int first_key, Show show_score) {
  constexpr unsigned all_lanes = 0xffffffffu;
  if (units.capped) {
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 0; e < 4; ++e) s[t][e] = units.z(s[t][e]);
  }
  if (!all_seen) {
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 0; e < 4; ++e) {
      const int key = first_key + 8 * t + e % 2;
      if (key < seen[e / 2].begin || key >= seen[e / 2].end) s[t][e] = minus_infinity;
    }
  }
  if (kernels::is_tapped())
    for (int t = 0; t < Tiles; ++t)
      for (int e = 0; e < 4; ++e) show_score(e / 2, first_key + 8 * t + e % 2, s[t][e]);
  PLUMBLINE_UNROLL
  for (int half = 0; half < 2; ++half) {
    float highest = rows.maximum[half];
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 2 * half; e < 2 * half + 2; ++e) highest = s[t][e] > highest ? s[t][e] : highest;
    PLUMBLINE_UNROLL
    for (int bit = 1; bit < 4; bit *= 2) {
      const float other = __shfl_xor_sync(all_lanes, highest, bit);
      highest = other > highest ? other : highest;
    }
    const float shift = shift_of(highest);
    const float rescale = units.weight(rows.maximum[half], shift);
    rows.maximum[half] = highest;
    rows.sum[half] *= rescale;
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 2 * half; e < 2 * half + 2; ++e) {
      s[t][e] = units.weight(s[t][e], shift);
      rows.sum[half] += s[t][e];
    }
    PLUMBLINE_UNROLL
    for (int c = 0; c < Width / 8; ++c) {
      rows.out[c][2 * half] *= rescale;
      rows.out[c][2 * half + 1] *= rescale;
    }
  }
}

/// Leaves this warp's unnormalised output and statistics in shared memory.
template <int Width>
__device__ inline void hand_over(const running_rows<Width>& rows, float* out, float* statistics, int stride,
                                 int columns) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  PLUMBLINE_UNROLL
  for (int half = 0; half < 2; ++half) {
    float sum = rows.sum[half];
    sum += __shfl_xor_sync(all_lanes, sum, 1);
    sum += __shfl_xor_sync(all_lanes, sum, 2);
    const int row = 16 * warp + 8 * half + lane / 4;
    if (lane % 4 == 0) {
      statistics[2 * row] = rows.maximum[half];
      statistics[2 * row + 1] = sum;
    }
    PLUMBLINE_UNROLL
    for (int c = 0; c < Width / 8; ++c) {
      if (8 * c >= columns) break;
      float* at = out + row * stride + 8 * c + 2 * (lane % 4);
      at[0] = rows.out[c][2 * half];
      at[1] = rows.out[c][2 * half + 1];
    }
  }
}

/// Adds to what warps left in shared memory the values without a finite number that their rows see.
template <dtype Type, class Tile>
__device__ inline void add_cleared(float* out, int stride, std::int64_t* offsets, const split_params& p,
                                   const split_block& b, int columns) {
  using element = kernels::stored<Type>;
  constexpr int tile_keys = Tile::keys;
  const auto* from = static_cast<const element*>(p.v.data) + b.first_column;
  for (int t = 0; t < b.tiles; ++t) {
    const int first_key = (b.first_tile + t) * tile_keys;
    if (!hides(b, first_key, tile_keys)) continue;
    __syncthreads();
    look_up_rows<Tile>(offsets, p, b, b.first_tile + t);
    __syncthreads();
    for (int at = static_cast<int>(threadIdx.x); at < Tile::rows * columns; at += Tile::threads) {
      const int row = at / columns, column = at % columns;
      if (row >= b.rows) break;
      const key_span seen = span_of(p, b, row);
      for (int key = 0; key < tile_keys; ++key) {
        if (first_key + key < seen.begin || first_key + key >= seen.end) continue;
        const float value = kernels::load_as<Type>(from[offsets[tile_keys + key] + column]);
        const int part = Tile::own_rows ? 0 : key / Tile::warp_keys;
        if (!(value > minus_infinity && value < -minus_infinity))
          out[(16 * part + row) * stride + column] += value;
      }
    }
  }
  __syncthreads();
}

/// Merges the warps' parts of each row in the order of warps (one part when every warp owns rows), normalises
/// and stores.
template <dtype Type, dtype Out, class Tile>
__device__ inline void store_rows(const split_params& p, const split_block& b, const score_units& units,
                                  const float* out, const float* statistics, int stride, int columns) {
  constexpr int rows = Tile::rows, chunks = Tile::width / 8, threads = Tile::threads;
  constexpr int parts = Tile::warps * 16 / rows;
  constexpr float p_scale = Type == dtype::e4m3 ? 256.0f : 1.0f;
  const float value_scale = p.scores.v.at(b.n, b.hk);
  for (int at = static_cast<int>(threadIdx.x); at < rows * chunks; at += threads) {
    const int row = at / chunks, column = at % chunks * 8;
    if (row >= b.rows || column >= columns) continue;
    float highest = minus_infinity, sum = 0, x[8] = {};
    for (int part = 0; part < parts; ++part) {
      const float maximum = statistics[2 * (part * 16 + row)];
      highest = maximum > highest ? maximum : highest;
    }
    const float shift = shift_of(highest);
    for (int part = 0; part < parts; ++part) {
      const float weight = parts == 1 ? 1.0f : units.weight(statistics[2 * (part * 16 + row)], shift);
      sum = kernels::fused(weight, statistics[2 * (part * 16 + row) + 1], sum);
      PLUMBLINE_UNROLL
      for (int e = 0; e < 8; ++e)
        x[e] = kernels::fused(weight, out[(part * 16 + row) * stride + column + e], x[e]);
    }
    PLUMBLINE_UNROLL
    for (int e = 0; e < 8; ++e) x[e] = sum == 0 ? 0.0f : x[e] / (sum * p_scale) * value_scale;
    const row_target to = target_of<Out>(p, b, row);
    store_columns<Out>(to, b.first_column + column, x, p.out.aligned);
    const bool first = column == 0 && b.first_column == 0;
    if (first) *to.lse = units.log_sum(highest, sum);
    if (kernels::is_tapped()) {
      const std::int64_t call_row = row_of_call(p, b, row);
      for (int e = 0; e < 8 && column + e < columns; ++e)
        kernels::show(tap::partial_out, call_row, b.split, b.first_column + column + e, x[e]);
      if (!first) continue;
      kernels::show(tap::row_max, call_row, b.split, 0, static_cast<double>(highest) * units.to_natural);
      kernels::show(tap::row_sum, call_row, b.split, 0, sum);
      kernels::show(tap::partial_lse, call_row, b.split, 0, *to.lse);
    }
  }
}

// One block at least: ptxas spills a few registers to fit a block more otherwise.
template <dtype Type, dtype Out, class Tile>
__global__ void __launch_bounds__(Tile::threads, 1) split_kernel(const split_params p) {
  using namespace kernels;
  using element = stored<Type>;
  using memory = split_memory<Type, Tile>;
  constexpr int width = Tile::width, tile_keys = Tile::keys;
  constexpr dtype operand = operand_of(Type);
  constexpr bool widens = Type == dtype::e4m3;
  constexpr int warp_keys = Tile::warp_keys, score_tiles = warp_keys / 8;

  const split_block b = block_of<Tile>(p);
  if (b.rows <= 0) return;
  if (b.tiles == 0) return write_empty<Out, Tile>(p, b);

  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int own_row = Tile::own_rows ? 16 * warp : 0, own_key = Tile::own_rows ? 0 : warp_keys * warp;
  const int columns = p.dv - b.first_column < width ? p.dv - b.first_column : width;
  const int d_steps = (p.d + 15) / 16, dv_steps = (columns + 15) / 16;
  unsigned char* shared = shared_memory<unsigned char>();
  auto* q = reinterpret_cast<std::uint16_t*>(shared + memory::q);
  auto* offsets = reinterpret_cast<std::int64_t*>(shared + memory::offsets);
  auto* cleared = reinterpret_cast<int*>(shared + memory::cleared);
  const auto* k_from = static_cast<const element*>(p.k.data);
  const auto* v_from = static_cast<const element*>(p.v.data) + b.first_column;
  const auto stage = [&](int first, int t) { return shared + first + t % 2 * memory::stage; };
  const auto rows_of = [&](int t) { return offsets + t % 2 * 2 * tile_keys; };
  const auto start_k = [&](int t) {
    if (t < b.tiles) start_tile<Type, Tile>(stage(memory::k, t), k_from, rows_of(t), p.d, p.k.aligned);
    copy_async_commit();
  };
  const auto start_v = [&](int t) {
    if (t < b.tiles)
      start_tile<Type, Tile>(stage(memory::v, t), v_from, rows_of(t) + tile_keys, columns, p.v.aligned);
    copy_async_commit();
  };
  const auto tile_of = [&](int first, int wide, int t, int used) {
    if constexpr (widens) {
      auto* to = reinterpret_cast<std::uint16_t*>(shared + wide);
      widen_tile<Tile>(to, stage(first, t), used);
      return to;
    } else {
      return reinterpret_cast<std::uint16_t*>(stage(first, t));
    }
  };

  look_up_rows<Tile>(rows_of(0), p, b, b.first_tile);
  look_up_rows<Tile>(rows_of(1), p, b, b.first_tile + 1);
  load_queries<Type, Tile>(q, p, b);
  if (threadIdx.x == 0) *cleared = 0;
  __syncthreads();
  start_k(0);
  start_v(0);

  const score_units units = units_of(p.scores, b.n, b.hk);
  const bool idle = own_row >= b.rows;
  key_span seen[2];
  for (int half = 0; half < 2; ++half) {
    const int row = own_row + lane / 4 + 8 * half;
    seen[half] = span_of(p, b, row < b.rows ? row : b.rows - 1);
  }
  running_rows<width> rows;
  for (int t = 0; t < b.tiles; ++t) {
    const int first_key = (b.first_tile + t) * tile_keys;
    copy_async_wait<1>();
    const std::uint16_t* k = tile_of(memory::k, memory::k_wide, t, p.d);
    __syncthreads();
    start_k(t + 1);
    float s[score_tiles][4] = {};
    std::uint32_t weights[score_tiles / 2][4];
    if (!idle) {
      multiply_scores<operand, width, score_tiles>(s, q, own_row, k, own_key, d_steps);
      const bool all_seen = first_key >= b.by_all.begin && first_key + tile_keys <= b.by_all.end;
      weigh<width, score_tiles>(s, rows, units, seen, all_seen, first_key + own_key + lane % 4 * 2,
                                [&](int half, int key, float z) {
                                  const int row = own_row + lane / 4 + 8 * half;
                                  if (b.first_column == 0 && row < b.rows && z != minus_infinity)
                                    show(tap::scores, row_of_call(p, b, row), b.split, key,
                                         static_cast<double>(z) * units.to_natural);
                                });
      PLUMBLINE_UNROLL
      for (int pair = 0; pair < score_tiles / 2; ++pair) PLUMBLINE_UNROLL
      for (int r = 0; r < 4; ++r)
        weights[pair][r] =
            pack_weights<Type>(s[2 * pair + r / 2][r % 2 * 2], s[2 * pair + r / 2][r % 2 * 2 + 1]);
    }
    copy_async_wait<1>();
    std::uint16_t* v = tile_of(memory::v, memory::v_wide, t, columns);
    if (hides(b, first_key, tile_keys) && clear_tile<Type, Tile>(v, columns)) atomicMax(cleared, 1);
    __syncthreads();
    start_v(t + 1);
    look_up_rows<Tile>(rows_of(t), p, b, b.first_tile + t + 2);
    if (!idle) multiply_values<operand, width, score_tiles>(rows.out, weights, v, own_key, dv_steps);
  }

  copy_async_wait<0>();
  __syncthreads();
  auto* out = reinterpret_cast<float*>(shared);
  auto* statistics = reinterpret_cast<float*>(shared + memory::statistics);
  hand_over<width>(rows, out, statistics, memory::out_stride, columns);
  __syncthreads();
  if (*cleared != 0) add_cleared<Type, Tile>(out, memory::out_stride, offsets, p, b, columns);
  store_rows<Type, Out, Tile>(p, b, units, out, statistics, memory::out_stride, columns);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
