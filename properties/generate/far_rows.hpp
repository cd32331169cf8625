// Rows so far apart that the last lie beyond 2^31 elements: what a kernel that counts in 32 bits gets wrong,
// whether it counts bytes or elements.
//
// A tensor of such rows costs the pages that hold them and no more (reference/core/tensor_block.hpp), so a
// few rows are enough, whatever they span.
#pragma once

#include <algorithm>
#include <cstdint>

#include "properties/generate/draws.hpp"

namespace plumbline::generate {

inline constexpr std::int64_t most_far_rows =
    2000;  // each is a mapping of its own, of which a process has few

inline constexpr std::int64_t least_far_rows = 3;  // two would need a gap that no 31 bits hold

/// A gap behind each of `rows` rows, at least three, that puts the last one 2^31 elements away or further: a
/// multiple of `step` elements.
constexpr std::int64_t far_gap(std::int64_t rows, std::int64_t step) {
  constexpr std::int64_t far = std::int64_t{1} << 31;
  return (far / (rows - 1) + step) / step * step;
}

/// True when the last of `rows` rows begins beyond 2^31 elements.
constexpr bool beyond_32_bits(std::int64_t rows, std::int64_t stride) {
  return (rows - 1) * stride > (std::int64_t{1} << 31) - 1;
}

/// A gap behind each of `rows` rows that puts the last one beyond 2^31 elements, now and then; else `usual`.
/// `most` is how many rows of any tensor have that gap.
inline std::int64_t draw_far_gap(draws draw, std::int64_t rows, std::int64_t most, std::int64_t usual) {
  constexpr std::int64_t mapped_rows = 600, elements = std::int64_t{1} << 33;
  if (rows < least_far_rows || std::max(rows, most) > mapped_rows || !draw.chance(4)) return usual;
  const std::int64_t gap = far_gap(rows, 64);
  return gap < elements / std::max(rows, most) ? gap : usual;
}

/// Elements between rows that exist as memory: of a long gap only what shares a page with the rows.
constexpr double held_of_gap(std::int64_t gap) {
  return static_cast<double>(std::min<std::int64_t>(gap, 8192));
}

}  // namespace plumbline::generate
