// Needles: rows that see one key, or two or four equal ones, at the places where kernels go wrong.
//
// A needle is a key along one of up to 64 orthogonal directions (Walsh functions over the channels; as many
// as the largest power of two that divides d), so a row along that direction scores 64 nats or more there and
// about nothing elsewhere.  All factors are powers of two, so the scores of a needle and of its twins are
// exact and equal, the softmax is a unit vector (or one half, one quarter), and the output must be right to
// the last bit.
#pragma once

#include "properties/generate/regimes.hpp"

namespace plumbline::generate {

/// Nats between a needle and every other key, at least (the regime asks for more than 45).
inline constexpr double needle_margin = 64;

/// Fills `values` with needles; `copies` 1: needles, 2: twins (two or four copies, V small integers).
void draw_needles(const unit_shape&, std::uint64_t seed, int copies, unit_values& values);

}  // namespace plumbline::generate
