// What becomes of the rows of a projection, one a head: norm, rotation, a place behind other rows.
#pragma once

#include "kernels/dflash/linear.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {

/// Heads of d elements side by side in rows of (sequence, token).
struct head_params {
  token_matrix raw, normed, rotated;
  const std::uint16_t* gain;  // (d)
  const float *cos, *sin;     // (sequences, places, d / 2); a token's place is first_place + token
  std::int64_t sequences, tokens, heads, d;
  std::int64_t places, first_place;
  float eps;
};

/// normed = rms(raw, gain), rounded; rotated = normed turned by halves, rounded.
void launch_heads(dtype type, const head_params& p, launcher& on);

/// Copies rows of `width` elements.
void launch_copy(const token_matrix& from, const token_matrix& to, std::int64_t sequences,
                 std::int64_t tokens, std::int64_t width, launcher& on);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
