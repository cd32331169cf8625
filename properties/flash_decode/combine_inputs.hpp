// Inputs of combine: partial outputs and their log-sum-exps, some of them empty.
//
//   normal    lse and out normal
//   wide      lse over a hundred nats: most partials vanish beside the largest
//   close     lse equal but for thousandths: every partial counts
//   dominant  one partial takes nearly all the weight
//   positive  out near 1: errors of the weights do not average out
//   cancel    pairs with equal lse and opposite out
//   huge      all lse near +-60000: a merge that forms exp(lse) overflows
//
// An empty partial has lse -inf and an out that nobody may read: NaN, or in every second seed large and
// finite.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "properties/flash_decode/layout.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 7> combine_regimes = {"normal",   "wide",   "close", "dominant",
                                                                    "positive", "cancel", "huge"};

tensor_set draw_inputs(const flash_decode::combine_problem&, std::string_view regime, std::uint64_t seed);

/// Overwrites the out of every empty partial.
void poison_empty(const flash_decode::combine_problem&, poison, std::uint64_t seed, tensor_set& inputs);

}  // namespace plumbline::generate
