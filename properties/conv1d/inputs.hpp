// Inputs of conv1d.
//
//   normal      N(0, 1), weights of any sign
//   cancelling  the taps of a token nearly cancel: the sum is small beside its terms
//   integers    small odd numbers: every sum is exact, so without silu a result is right to the last bit
//   wide        magnitudes over many powers of two, and arguments of silu in the tens
//   not_finite  a NaN or an infinity here and there
// Whatever the regime, what a call may not look at holds other bits: slots that no sequence names, columns
// behind the window, histories of sequences that begin, padding tokens (NaN there).  One element, channel 0
// of the first token of the first sequence that is no padding, is made larger than what it is compared with
// allows, so a case always says something.
#pragma once

#include <array>
#include <string_view>

#include "reference/conv1d_problem.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 5> conv1d_regimes = {"normal", "cancelling", "integers", "wide",
                                                                   "not_finite"};
std::string_view draw_conv1d_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const conv1d::prefill_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const conv1d::update_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const conv1d::update_speculative_problem&, std::string_view regime,
                       std::uint64_t seed);
tensor_set draw_inputs(const conv1d::varlen_states_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
