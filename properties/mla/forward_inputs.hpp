// Inputs of forward.
//
//   normal    x, cached rows N(0, 1), weights divided by the root of the length of their sums
//   positive  x and weights of one sign: drift of sums adds up, and latents have a mean
//   peaked    weights of the query eight times larger: a key or two takes nearly all the weight
//   flat      weights of the query near zero: every key counts alike, so one too many or too few shows
//   one_nan   a NaN in the last token, which other sequences and, with a mask, earlier tokens must not see
//
// Rows of the caches that no step may read hold NaN.
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 5> forward_regimes = {"normal", "positive", "peaked", "flat",
                                                                    "one_nan"};
std::string_view draw_forward_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const mla::forward_problem&, std::string_view regime, std::uint64_t seed);

/// Fills the rows of the caches outside [0, end) of the b sequences with a byte; `caches` may be outputs.
void fill_other_rows(const mla::forward_problem&, std::int64_t end, std::byte fill, tensor_set& caches);

}  // namespace plumbline::generate
