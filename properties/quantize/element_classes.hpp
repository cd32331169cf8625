// Regimes of the quantizers: classes of groups that have bytes of their own.
//
// What a quantizer gets wrong shows where its arithmetic has an edge, and ordinary data has none: zeros of
// both signs, subnormals, quotients on a tie or beside the overflow threshold, one element that takes the
// whole range, NaN and infinity, amax on either side of a floor or of a power of two.  A case has one class
// throughout, or (`mixed`) another one in each group, so that what one group does to its neighbour shows too.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reference/core/formats.hpp"
#include "reference/core/random.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 17> element_regimes = {
    "mixed",  "ordinary",    "zeros",     "subnormal", "ties",       "small_codes",
    "limits", "nan",         "infinity",  "one_huge",  "floors",     "power_of_two_edge",
    "tiny",   "alternating", "equal_max", "halves",    "any_pattern"};

/// Regime of the index-th case: `mixed` for two of five, else any.
std::string_view draw_element_regime(std::uint64_t seed, std::uint64_t index);

/// One group of a class, exact in `in`.
void fill_group(std::string_view regime, dtype in, std::span<double> x, random_stream&);

/// Fills columns first .. first + count of a matrix with groups of `group` columns.
void fill_matrix(std::string_view regime, std::int64_t first, std::int64_t count, std::int64_t group,
                 random_stream, tensor& matrix);

}  // namespace plumbline::generate
