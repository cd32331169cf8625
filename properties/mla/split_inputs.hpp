// Inputs of schedule and combine.
//
// combine: partial outputs and their log-sum-exps in log2 units, some of them empty.
//   normal    lse and out normal
//   wide      lse over a hundred powers of two: most partials vanish beside the largest
//   close     lse equal but for thousandths: every partial counts
//   dominant  one partial takes nearly all the weight
//   positive  out near 1: errors of the weights do not average out
//   cancel    pairs with equal lse and opposite out
//   huge      all lse near +-90000: a merge that forms 2^lse overflows
//   near_sink lse and sinks of the same size, so that a sink takes about half; otherwise sinks are normal, a
//             third of them +inf and a third -inf
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 8> mla_combine_regimes = {
    "normal", "wide", "close", "dominant", "positive", "cancel", "huge", "near_sink"};
std::string_view draw_mla_combine_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const mla::schedule_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::combine_problem&, std::string_view regime, std::uint64_t seed);

/// Overwrites the out of every empty partial: with NaN, or with finite values that an earlier call may have
/// left.
void fill_empty(const mla::combine_problem&, bool with_nan, std::uint64_t seed, tensor_set& inputs);
/// Which of the two the inputs of a seed hold.
bool empty_holds_nan(std::uint64_t seed);

}  // namespace plumbline::generate
