// Sizes that several functions of dflash meet: blocks, heads, and rows that lie far apart.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/generate/far_rows.hpp"
#include "properties/generate/sizes.hpp"
#include "reference/core/index.hpp"

namespace plumbline::generate {

/// Positions of a block: the drafters' 16, and the edges of a warp and of tiles of rows.
inline std::int64_t draw_block(draws& draw) {
  return draw.chance(35) ? 16 : draw.one_of({1, 2, 3, 4, 5, 8, 15, 17, 32, 33});
}

/// Rows of a context: what one round commits, or a prompt.
inline std::int64_t draw_context(draws& draw, std::int64_t block) {
  const std::int64_t kind = draw.between(0, 99);
  return kind < 15 ? 0 : kind < 35 ? 1 : kind < 80 ? draw.between(1, block) : draw.one_of({17, 31, 40, 65});
}

struct head_counts {
  std::int64_t hq, hk;
};
inline head_counts draw_head_counts(draws& draw) {
  const std::int64_t hk = draw.one_of({1, 1, 2, 3, 4}), group = draw.one_of({1, 2, 3, 4, 5, 8});
  return {hk * group, hk};
}

/// A list with entry i gone.
inline std::vector<std::int64_t> without(std::vector<std::int64_t> list, std::int64_t i) {
  if (at(i) < list.size()) list.erase(list.begin() + i);
  return list;
}

}  // namespace plumbline::generate
