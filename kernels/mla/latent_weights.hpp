// Scores to weights in two steps with a barrier between them: two warps share a row, so its maximum has to
// pass through shared memory, and so do the weights, which both need as an operand.
#pragma once

#include "kernels/core/tap.hpp"
#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// What a lane keeps of its two rows (lane/4 and lane/4 + 8 of its warp's sixteen) while keys go by.
struct running_rows {
  float out[2 * own_groups][4] = {};
  float maximum[2] = {-infinity, -infinity};
  float sum[2] = {};  // of this lane's keys
};

/// Of this warp's 32 keys: scores that a row must not see become -inf, and the rows' maxima go to `maxima`,
/// (2, 64).  `holds(key)` says whether the tile has the key; `end` is relative to the tile.
/// `show_score(row, key, z)` gets the scores that a row sees, in their units.
template <class Holds, class Show>
__device__ __forceinline__ void mask_scores(float (&s)[warp_keys / 8][4], float* maxima, int first_row,
                                            int half, const int (&end)[2], Holds holds, Show show_score) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  float highest[2] = {-infinity, -infinity};
  PLUMBLINE_UNROLL
  for (int t = 0; t < warp_keys / 8; ++t) PLUMBLINE_UNROLL
  for (int e = 0; e < 2; ++e) {
    const int key = warp_keys * half + 8 * t + 2 * (lane % 4) + e;
    const bool held = holds(key);
    PLUMBLINE_UNROLL
    for (int r = 0; r < 2; ++r) {
      float& z = s[t][2 * r + e];
      if (!held || key >= end[r]) z = -infinity;
      if (kernels::is_tapped() && z != -infinity) show_score(first_row + 8 * r + lane / 4, key, z);
      highest[r] = z > highest[r] ? z : highest[r];
    }
  }
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    PLUMBLINE_UNROLL
    for (int bit = 1; bit < 4; bit *= 2) {
      const float other = __shfl_xor_sync(all_lanes, highest[r], bit);
      highest[r] = other > highest[r] ? other : highest[r];
    }
    if (lane % 4 == 0) maxima[half * tile_rows + first_row + 8 * r + lane / 4] = highest[r];
  }
}

/// Weights of this warp's keys into the tile of P, rounded to `Type`; what was summed so far comes down to
/// the new maximum.  The sum of a row is taken before the rounding.
template <dtype Type>
__device__ __forceinline__ void weigh(const float (&s)[warp_keys / 8][4], const float* maxima,
                                      running_rows& rows, std::uint16_t* p, int first_row, int half,
                                      const score_units& units) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + 8 * r + lane / 4;
    float highest = rows.maximum[r];
    PLUMBLINE_UNROLL
    for (int part = 0; part < 2; ++part) {
      const float other = maxima[part * tile_rows + row];
      highest = other > highest ? other : highest;
    }
    const float shift = shift_of(highest);
    const float rescale = units.weight(rows.maximum[r], shift);
    rows.maximum[r] = highest;
    rows.sum[r] *= rescale;
    PLUMBLINE_UNROLL
    for (int t = 0; t < warp_keys / 8; ++t) {
      const float low = units.weight(s[t][2 * r], shift), high = units.weight(s[t][2 * r + 1], shift);
      rows.sum[r] += low;
      rows.sum[r] += high;
      const int at = swizzled<tile_keys>(row, warp_keys / 8 * half + t) + 2 * (lane % 4);
      *reinterpret_cast<std::uint32_t*>(p + at) = kernels::pack2<Type>(low, high);
    }
    PLUMBLINE_UNROLL
    for (int c = 0; c < 2 * own_groups; ++c) {
      rows.out[c][2 * r] *= rescale;
      rows.out[c][2 * r + 1] *= rescale;
    }
  }
}

/// Clears what is no number in the values of keys [first, end) of a tile, which some of its rows must not
/// see: their weight is 0, and 0 * NaN is NaN.  Who does see such a key has a NaN for its weight, because the
/// value is part of the key.
template <dtype Type>
__device__ inline void clear_values(std::uint16_t* tile, int first, int end, int groups) {
  constexpr std::uint16_t exponent = Type == dtype::bf16 ? 0x7f80 : 0x7c00;
  const int count = 16 * groups;
  for (int at = static_cast<int>(threadIdx.x); at < (end - first) * count; at += tile_threads) {
    const int row = first + at / count, column = at % count;
    std::uint16_t& x = tile[swizzled<latent_width>(row, column / 8) + column % 8];
    if ((x & exponent) == exponent) x = 0;
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
