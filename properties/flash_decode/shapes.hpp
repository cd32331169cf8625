// Shapes and options of generated cases: small on average, odd on purpose.
//
// Lengths sit at tile, page and split edges and one to each side of them; masks, paging, padding, packing and
// head layouts are drawn independently, so that pairs of them meet.  A case costs a bounded number of
// multiply-adds (most about 1e6), so that thousands fit in a minute; one in twelve is larger.  What came out
// is counted by problem_classes.hpp, and a floor is required of every class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "properties/generate/regimes.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

/// Regime of the index-th case of a run; every regime comes up, the ones that see most more often.
regime draw_regime(std::uint64_t seed, std::uint64_t index);

/// The regime may ask for a scale of its own (powers_of_two: ln 2) and for no soft cap.
flash_decode::attend_problem draw_attend(dtype in, dtype out, regime, std::uint64_t seed,
                                         std::uint64_t index);
flash_decode::append_problem draw_append(dtype in, std::uint64_t seed, std::uint64_t index);
flash_decode::combine_problem draw_combine(dtype out, std::uint64_t seed, std::uint64_t index);

/// Edges of tiles of published kernels, in keys.
inline constexpr std::int64_t tile_edges[] = {64, 80, 96, 112, 128, 144, 160, 176, 192, 224};

}  // namespace plumbline::generate
