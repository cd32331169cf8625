// Which steps are taken, and what they read: any rounds that slots allow, accepted counts of every size.
//
// The rows of a slot are drawn in the order in which its steps add them, in some of the regimes of attention
// (properties/generate/regimes.hpp).  The caches hold poison when the first step begins, NaN or what an
// earlier sequence might have left: whoever attends to a row that no step committed gives itself away.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 7> dflash_steps_regimes = {
    "flat", "normal", "peaked", "positive", "ramp", "stairs", "fuzz"};
std::string_view draw_dflash_steps_regime(std::uint64_t seed, std::uint64_t index);

dflash::steps_problem draw_dflash_steps(const contract& promised, std::string_view regime, std::uint64_t seed,
                                        std::uint64_t index);
/// The list of steps is edited first, then widths.
std::vector<dflash::steps_problem> smaller(const dflash::steps_problem&);
std::span<const problem_class<dflash::steps_problem>> dflash_steps_classes();

tensor_set draw_inputs(const dflash::steps_problem&, std::string_view regime, std::uint64_t seed);
/// The same steps, other bytes in the caches and in gaps.
tensor_set refilled(const dflash::steps_problem&, const tensor_set&, std::byte fill);

}  // namespace plumbline::generate
