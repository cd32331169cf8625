// Which steps are taken: any that the states allow, on pools of narrow slots and tapes.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/conv1d_steps_problem.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::generate {

conv1d::steps_problem draw_conv1d_steps(const contract& promised, std::string_view regime, std::uint64_t seed,
                                        std::uint64_t index);
/// The list of steps alone is edited first, then the filter.
std::vector<conv1d::steps_problem> smaller(const conv1d::steps_problem&);
std::span<const problem_class<conv1d::steps_problem>> conv1d_steps_classes();

tensor_set draw_inputs(const conv1d::steps_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
