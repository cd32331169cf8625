// A softmax over keys that come tile by tile: from raw products to weights, and what a row keeps between
// tiles.
//
// A score stays the raw product that the tensor core delivers; the running maximum is taken there and a
// weight is exp2((z - max) * to_log2): the subtraction comes first, so the rounding error grows with the
// distance from the maximum and the largest weight is exactly 1.  A row whose maximum is still -inf subtracts
// 0, so that -inf minus -inf never happens.
#pragma once

#include <limits>

#include "kernels/core/launch.hpp"
#include "kernels/core/numeric.hpp"
#include "kernels/core/tap.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr float log2_e = 1.44269504f;
inline constexpr float ln_2 = 0.693147181f;
inline constexpr float infinity = std::numeric_limits<float>::infinity();

/// Units of the raw products of one call.
struct score_units {
  float to_natural = 1;  // softmax_scale
  float to_log2 = 1;     // above 0, so that a masked score stays masked

  __device__ float weight(float z, float shift) const { return exp2_soft((z - shift) * to_log2); }
};

inline score_units units_of(double softmax_scale) {
  const float natural = static_cast<float>(softmax_scale);
  const float log2 = natural * log2_e, least = std::numeric_limits<float>::min();
  return {natural, log2 > least ? log2 : least};
}

/// What a row subtracts before the exponential.
__device__ inline float shift_of(float maximum) { return maximum == -infinity ? 0.0f : maximum; }

/// What a lane keeps of its two rows (lane/4 and lane/4 + 8 of its warp's sixteen), whose values have at most
/// `Width` columns.
template <int Width>
struct attention_rows {
  float out[Width / 8][4] = {};
  float maximum[2] = {-infinity, -infinity};
  float sum[2] = {};  // of this lane's keys
};

/// Turns raw scores of a tile into weights; keys that a row does not see, `sees(r, key)` of this lane's two
/// rows, weigh nothing.  What was summed so far comes down to the new maximum.  `show_score(r, key, score)`
/// gets the scores of keys that a row sees, in natural units.
template <int Tiles, int Width, class Sees, class Show>
__device__ __forceinline__ void weigh_tile(float (&s)[Tiles][4], attention_rows<Width>& rows,
                                           const score_units& units, Sees sees, Show show_score) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    float highest = rows.maximum[r];
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 0; e < 2; ++e) {
      float& z = s[t][2 * r + e];
      const int key = 8 * t + 2 * (lane % 4) + e;
      if (!sees(r, key)) z = -infinity;
      if (is_tapped() && z != -infinity) show_score(r, key, static_cast<double>(z) * units.to_natural);
      highest = z > highest ? z : highest;
    }
    PLUMBLINE_UNROLL
    for (int bit = 1; bit < 4; bit *= 2) {
      const float other = __shfl_xor_sync(all_lanes, highest, bit);
      highest = other > highest ? other : highest;
    }
    const float shift = shift_of(highest);
    const float rescale = units.weight(rows.maximum[r], shift);
    rows.maximum[r] = highest;
    rows.sum[r] *= rescale;
    PLUMBLINE_UNROLL
    for (int t = 0; t < Tiles; ++t) PLUMBLINE_UNROLL
    for (int e = 0; e < 2; ++e) {
      float& z = s[t][2 * r + e];
      z = units.weight(z, shift);
      rows.sum[r] += z;
    }
    PLUMBLINE_UNROLL
    for (int c = 0; c < Width / 8; ++c) {
      rows.out[c][2 * r] *= rescale;
      rows.out[c][2 * r + 1] *= rescale;
    }
  }
}

/// Shows what this lane has of one of its two rows when all keys went by: `sum` is of the whole row.
template <int Width>
__device__ __forceinline__ void show_row(const attention_rows<Width>& rows, int r, float sum, float lse,
                                         const score_units& units, std::int64_t row, int columns) {
  if (!is_tapped()) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (lane % 4 == 0) show(tap::row_max, row, 0, 0, static_cast<double>(rows.maximum[r]) * units.to_natural);
  if (rows.maximum[r] == -infinity) return;
  for (int c = 0; c < Width / 8; ++c)
    for (int e = 0; e < 2; ++e)
      if (const int column = 8 * c + 2 * (lane % 4) + e; column < columns)
        show(tap::partial_out, row, 0, column, sum == 0 ? 0.0f : rows.out[c][2 * r + e] / sum);
  if (lane % 4 != 0) return;
  show(tap::row_sum, row, 0, 0, sum);
  show(tap::partial_lse, row, 0, 0, lse);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
