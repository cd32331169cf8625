// Inputs of project.
//
//   normal       N(0, 1), weights divided by the root of the sum's length
//   positive     all of one sign: drift and truncation of sums add up instead of averaging out
//   single       one product that is not zero in each 128: nothing but weight, scale and one rounding is left
//   integers     small integers and scales that are powers of two: every sum is exact
//   cancel       all products but the first in pairs of opposite sign
//   wide_scales  scales of neighbouring blocks, or rows of weights, many powers of two apart
//   one_nan      a NaN in the last of several tokens, which the others must not see
//
// Rows of wkv_b that a product does not read hold NaN, or in every second seed what a model would have there.
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 7> project_regimes = {
    "normal", "positive", "single", "integers", "cancel", "wide_scales", "one_nan"};
std::string_view draw_project_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const mla::project_problem&, std::string_view regime, std::uint64_t seed);

/// True when the product reads this row of the weight.
bool reads_row(const mla::project_problem&, std::int64_t row);
/// Overwrites the rows that it does not read: with NaN, or with finite numbers.
void fill_unread_rows(const mla::project_problem&, bool with_nan, std::uint64_t seed, tensor_set& inputs);
/// Which of the two the inputs of a seed hold.
bool unread_rows_hold_nan(std::uint64_t seed);

}  // namespace plumbline::generate
