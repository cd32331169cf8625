// Which sequences are prefilled.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::generate {

conv1d::prefill_problem draw_conv1d_prefill(const contract& promised, std::string_view regime,
                                            std::uint64_t seed, std::uint64_t index);
std::vector<conv1d::prefill_problem> smaller(const conv1d::prefill_problem&);
std::span<const problem_class<conv1d::prefill_problem>> conv1d_prefill_classes();

}  // namespace plumbline::generate
