// Sizes that every step of mla meets, and where they are likely to go wrong.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "properties/generate/draws.hpp"
#include "properties/generate/sizes.hpp"

namespace plumbline::generate {

/// Heads of the models, and those that no tile divides.
inline std::int64_t draw_heads(draws& draw) { return draw.one_of({1, 3, 9, 16, 63, 64, 126, 128}); }

/// Tokens of a call: one, a warp's and a tile's worth, the edge of the short path.
inline std::int64_t draw_some_tokens(draws& draw) {
  return draw.chance(60) ? draw.one_of({1, 2, 32, 64, 128, 255, 256, 257}) : draw.between(1, 40);
}

inline bool beside_a_width(std::int64_t tokens) {
  constexpr std::int64_t widths[] = {2, 32, 64, 128, 255, 256, 257};
  return std::find(std::begin(widths), std::end(widths), tokens) != std::end(widths);
}

/// A width that 16-byte accesses divide, an odd number of times: 8, 24, 40, ...
inline std::int64_t draw_odd_eights(draws& draw) { return 8 * (2 * draw.between(0, 12) + 1); }
inline bool odd_eights(std::int64_t width) { return width % 16 == 8; }

}  // namespace plumbline::generate
