// Attention to latent rows on tensor cores: `absorb` and all its kin.
//
// One KV head serves many query heads, so the heads (and the tokens of a decode) are packed as rows and a
// latent row is read once for all of them.  A row is the key with all of its columns and the value with its
// first dv: one tile in shared memory serves both products.  A tile costs three barriers: its rows are there
// and everybody left the tile before (Tiles::take); the maxima are; the weights are.  Sums never meet in an
// order that a schedule could change.
//
// `Tiles` brings the rows: plain_tiles copies them, quantized_tiles widens codes on the way.
#pragma once

#include "kernels/mla/latent_weights.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Shared memory of one block, in bytes from its start.
template <class Tiles>
struct latent_memory {
  static constexpr int q = 0, p = q + tile_rows * latent_width * 2;
  static constexpr int maxima = p + tile_rows * tile_keys * 2;  // (2, 64), at the end the sums
  static constexpr int tiles = maxima + 2 * tile_rows * 4;
  static constexpr int total = tiles + Tiles::bytes;
  static_assert(total <= static_cast<int>(max_shared_bytes));
};

/// Packed query rows into shared memory; rows that do not exist are zeros.
__device__ inline void load_queries(std::uint16_t* q, const latent_params& p, const latent_share& s) {
  for_each_chunk<tile_threads>(tile_rows, (p.d + 15) / 16 * 2, [&](int row, int chunk) {
    kernels::vec16 codes = {};
    if (row < s.rows && chunk * 8 < p.d) {
      const int packed = s.first_row + row;
      const auto* from = static_cast<const std::uint16_t*>(p.q.data) + chunk * 8 +
                         p.q.offset(s.n, s.first_token + packed / p.group, s.hk * p.group + packed % p.group);
      codes = p.q.aligned ? kernels::load16(from) : gather16(from, p.d - chunk * 8);
    }
    kernels::store16(q + swizzled<latent_width>(row, chunk), codes);
  });
}

/// A share without keys: a partial says so, a result is zero.
__device__ inline void write_empty(const latent_params& p, const latent_share& s) {
  for (int row = static_cast<int>(threadIdx.x) / 32; row < s.rows; row += tile_threads / 32) {
    const row_target to = target_of(p, s, row);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    if (lane == 0) *to.lse = to.partial ? -infinity : infinity;
    if (lane == 0) kernels::show(tap::row_max, row_of_call(p, s, row), s.split, 0, -infinity);
    if (to.partial) continue;
    if (lane == 0 && p.max_logits)
      p.max_logits[to.token * p.logits_token + to.head * p.logits_head] = -infinity;
    for (int c = lane; c < p.dv; c += 32) to.out[c] = 0;
  }
}

/// First of the two columns that a lane has of accumulator `c`.
__device__ __forceinline__ int column_of(int c, int half) {
  return 16 * (2 * (c / 2) + half) + 8 * (c % 2) + static_cast<int>(threadIdx.x) % 4 * 2;
}

/// Shows what a lane has of one of its rows when all keys of the share went by.
__device__ inline void show_row(const latent_params& p, const latent_share& s, const running_rows& rows,
                                int r, int row, float sum, const row_target& to, int half) {
  const std::int64_t call_row = row_of_call(p, s, row);
  const bool first = half == 0 && threadIdx.x % 4 == 0;
  if (first)
    kernels::show(tap::row_max, call_row, s.split, 0,
                  static_cast<double>(rows.maximum[r]) * p.units.to_natural);
  if (rows.maximum[r] == -infinity) return;
  for (int c = 0; c < 2 * own_groups; ++c)
    for (int e = 0; e < 2; ++e)
      if (column_of(c, half) + e < p.dv)
        kernels::show(tap::partial_out, call_row, s.split, column_of(c, half) + e,
                      sum == 0 ? 0.0f : rows.out[c][2 * r + e] / sum);
  if (!first) return;
  kernels::show(tap::row_sum, call_row, s.split, 0, sum);
  kernels::show(tap::partial_lse, call_row, s.split, 0,
                to.partial ? static_cast<double>(*to.lse) * ln_2 : *to.lse);
}

/// Normalises and stores this warp's columns of its rows.  `sums` is (2, 64).
template <dtype Type>
__device__ inline void store_rows(const latent_params& p, const latent_share& s, const running_rows& rows,
                                  const float* sums, int first_row, int half) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const bool pairs = p.out.aligned && p.dv % 2 == 0;
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + 8 * r + lane / 4;
    if (row >= s.rows) continue;
    const row_target to = target_of(p, s, row);
    const float sum = sums[row] + sums[tile_rows + row];
    const float lse = p.units.log_sum(rows.maximum[r], sum);
    const float share = p.sink && !to.partial && sum > 0 ? share_beside(p.sink[to.head], lse) : 1.0f;
    if (half == 0 && lane % 4 == 0) {
      *to.lse = to.partial ? p.units.log2_sum(rows.maximum[r], sum) : lse;
      if (p.max_logits)
        p.max_logits[to.token * p.logits_token + to.head * p.logits_head] =
            rows.maximum[r] * p.units.to_natural;
    }
    if (kernels::is_tapped()) show_row(p, s, rows, r, row, sum, to, half);
    PLUMBLINE_UNROLL
    for (int c = 0; c < 2 * own_groups; ++c) {
      const int column = column_of(c, half);
      if (column >= p.dv) continue;
      const float low = sum == 0 ? 0.0f : rows.out[c][2 * r] / sum * share,
                  high = sum == 0 ? 0.0f : rows.out[c][2 * r + 1] / sum * share;
      if (to.partial) {
        to.partial[column] = low;
        if (column + 1 < p.dv) to.partial[column + 1] = high;
      } else if (pairs) {
        *reinterpret_cast<std::uint32_t*>(to.out + column) = kernels::pack2<Type>(low, high);
      } else {
        to.out[column] = kernels::store_as<Type>(low);
        if (column + 1 < p.dv) to.out[column + 1] = kernels::store_as<Type>(high);
      }
    }
  }
}

/// One request of one block, from its keys to its results.
template <dtype Type, class Tiles>
__device__ inline void attend_share(const latent_params& p, const latent_share& s,
                                    const typename Tiles::keys& keys) {
  using memory = latent_memory<Tiles>;
  constexpr unsigned all_lanes = 0xffffffffu;
  unsigned char* shared = kernels::shared_memory<unsigned char>();
  auto* const q = reinterpret_cast<std::uint16_t*>(shared + memory::q);
  auto* const weights = reinterpret_cast<std::uint16_t*>(shared + memory::p);
  auto* const maxima = reinterpret_cast<float*>(shared + memory::maxima);
  Tiles tiles(keys, s, shared + memory::tiles, p.d);
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int first_row = 16 * (warp % 4), half = warp / 4;
  const int steps = (p.d + 15) / 16, groups = (p.dv + 15) / 16;
  const bool idle = first_row >= s.rows;

  __syncthreads();
  tiles.look_up(0);
  tiles.look_up(1);
  load_queries(q, p, s);
  __syncthreads();
  tiles.start(0);

  int end[2];
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + 8 * r + lane / 4;
    end[r] = end_of(p, s, row < s.rows ? row : s.rows - 1);
  }
  running_rows rows;
  for (int t = 0; t < s.tiles; ++t) {
    const int first_key = (s.first_tile + t) * tile_keys;
    std::uint16_t* const tile = tiles.take(t);
    float scores[warp_keys / 8][4] = {};
    if (!idle) {
      multiply_scores<Type, latent_width>(scores, q, first_row, tile, warp_keys * half, warp_keys, steps);
      const int ends[2] = {end[0] - first_key, end[1] - first_key};
      mask_scores(
          scores, maxima, first_row, half, ends, [&](int key) { return tiles.holds(t, key); },
          [&](int row, int key, float z) {
            if (row < s.rows)
              kernels::show(tap::scores, row_of_call(p, s, row), s.split, first_key + key,
                            static_cast<double>(z) * p.units.to_natural);
          });
    }
    tiles.look_up(t + 2);
    __syncthreads();
    if (!idle) weigh<Type>(scores, maxima, rows, weights, first_row, half, p.units);
    const int last = s.seen - first_key < tile_keys ? s.seen - first_key : tile_keys;
    if (s.by_all - first_key < last)
      clear_values<Type>(tile, s.by_all > first_key ? s.by_all - first_key : 0, last, groups);
    __syncthreads();
    if (!idle) multiply_values<Type>(rows.out, weights, first_row, tile, half, groups);
  }

  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    float sum = rows.sum[r];
    sum += __shfl_xor_sync(all_lanes, sum, 1);
    sum += __shfl_xor_sync(all_lanes, sum, 2);
    if (lane % 4 == 0) maxima[half * tile_rows + first_row + 8 * r + lane / 4] = sum;
  }
  __syncthreads();
  if (!idle) store_rows<Type>(p, s, rows, maxima, first_row, half);
}

template <class Tiles>
struct latent_call {
  latent_params p;
  typename Tiles::keys keys;
};

template <dtype Type, class Tiles>
__global__ void __launch_bounds__(tile_threads) latent_kernel(const latent_call<Tiles> call) {
  const latent_params& p = call.p;
  latent_share s = rows_of_block(p);
  const std::int32_t* part = p.parts ? p.parts + static_cast<std::int64_t>(s.part) * part_columns : nullptr;
  const int first = part ? part[part_column::first_request] : 0;
  if (first >= p.b) return;  // an idle part has no other column
  const int last = part ? part[part_column::last_request] : 0;
  for (int n = first; n <= last; ++n) {
    const int keys = call.keys.count(s, n), blocks = (keys + tile_keys - 1) / tile_keys;
    take_request(s, p, n, keys, part && n == first ? part[part_column::first_block] : 0,
                 part && n == last ? part[part_column::end_block] : blocks);
    s.split = part && n == first ? part[part_column::first_split] : 0;
    s.splits = part ? p.num_splits[n + 1] - p.num_splits[n] : 1;
    if (s.tiles <= 0)
      write_empty(p, s);
    else
      attend_share<Type, Tiles>(p, s, call.keys);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
