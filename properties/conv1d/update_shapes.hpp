// Which updates are made, of one kind and the other, and which last tokens are kept.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::generate {

conv1d::update_problem draw_conv1d_update(const contract& promised, std::string_view regime,
                                          std::uint64_t seed, std::uint64_t index);
conv1d::update_speculative_problem draw_conv1d_update_speculative(const contract& promised,
                                                                  std::string_view regime, std::uint64_t seed,
                                                                  std::uint64_t index);
conv1d::varlen_states_problem draw_conv1d_varlen_states(const contract& promised, std::string_view regime,
                                                        std::uint64_t seed, std::uint64_t index);

std::vector<conv1d::update_problem> smaller(const conv1d::update_problem&);
std::vector<conv1d::update_speculative_problem> smaller(const conv1d::update_speculative_problem&);
std::vector<conv1d::varlen_states_problem> smaller(const conv1d::varlen_states_problem&);

std::span<const problem_class<conv1d::update_problem>> conv1d_update_classes();
std::span<const problem_class<conv1d::update_speculative_problem>> conv1d_update_speculative_classes();
std::span<const problem_class<conv1d::varlen_states_problem>> conv1d_varlen_states_classes();

}  // namespace plumbline::generate
