// Sizes of any operator: gaps behind rows, counts that keep a case cheap, and smaller ones of a failing
// problem.
#pragma once

#include <algorithm>
#include <cstdint>

#include "properties/generate/draws.hpp"
#include "properties/generate/edits.hpp"

namespace plumbline::generate {

/// Unused elements behind a row.
inline std::int64_t draw_row_gap(draws& draw) {
  return draw.chance(60) ? 0 : draw.one_of({1, 3, 8, 16, 64, 128});
}

/// At most `most` of `count` things of `each` elements, so that a case stays small; one of them at least.
inline std::int64_t affordable(std::int64_t count, std::int64_t each, std::int64_t most) {
  return std::min(count, std::max<std::int64_t>(1, most / std::max<std::int64_t>(1, each)));
}

/// Smaller values of one member, down to `least`.
template <class Problem>
void fewer(const Problem& from, std::int64_t Problem::*member, std::int64_t least, edits<Problem>& all) {
  for (const std::int64_t value : {least, from.*member / 2, from.*member - 1})
    if (value >= least && value < from.*member) all.add([&](Problem& p) { p.*member = value; });
}

}  // namespace plumbline::generate
