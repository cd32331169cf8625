// Which modules are run.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

mla::forward_problem draw_forward(const contract& promised, std::string_view regime, std::uint64_t seed,
                                  std::uint64_t index);
std::vector<mla::forward_problem> smaller(const mla::forward_problem&);
std::span<const problem_class<mla::forward_problem>> forward_classes();

}  // namespace plumbline::generate
