// Which projections are computed.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

mla::project_problem draw_project(const contract& promised, std::string_view regime, std::uint64_t seed,
                                  std::uint64_t index);
std::vector<mla::project_problem> smaller(const mla::project_problem&);
std::span<const problem_class<mla::project_problem>> project_classes();

}  // namespace plumbline::generate
