// Inputs of accept.
//
//   normal   logits from N(0, 1)
//   peaked   logits from N(0, 64): few tokens have weight
//   ties     few levels: the largest logit comes up several times
//   even     a power of two of tokens alike and all others impossible, uniforms at the very steps of their
//            distribution: weights and sums are whole numbers, so one token is right and no other
//   masked   most tokens are impossible
//   shifted  normal, all logits moved by the same large number
// Drafts are the target's own tokens in a share of the positions that the problem says; elsewhere they are
// other ones, so that a draft behind a wrong one may well agree.  Uniforms are now and then 0, or the largest
// below 1.
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 6> dflash_accept_regimes = {"normal", "peaked", "ties",
                                                                          "even",   "masked", "shifted"};
std::string_view draw_dflash_accept_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const dflash::accept_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
