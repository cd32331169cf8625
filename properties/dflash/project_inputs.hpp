// Inputs of project.
//
//   normal         N(0, 1), weights divided by the root of the sum's length
//   positive       rows and weights of one sign: drift of sums adds up instead of averaging out
//   single         rows that are unit vectors: a product is one weight, and no sum errs
//   integers       small odd integers: every sum is exact
//   near_eps       projections whose mean square lies beside eps: they show where eps is added
//   quarter_turns  angles that are multiples of 90 degrees: a rotation copies
//   one_nan        a NaN in the last position of the last block, which no other row may see
// Every new key has angles of its own, which its neighbours do not have.  Gaps hold NaN.
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 7> dflash_project_regimes = {
    "normal", "positive", "single", "integers", "near_eps", "quarter_turns", "one_nan"};
std::string_view draw_dflash_project_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const dflash::project_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
