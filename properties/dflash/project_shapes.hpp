// Shapes of project.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

dflash::project_problem draw_dflash_project(const contract& promised, std::string_view regime,
                                            std::uint64_t seed, std::uint64_t index);
std::vector<dflash::project_problem> smaller(const dflash::project_problem&);
std::span<const problem_class<dflash::project_problem>> dflash_project_classes();

}  // namespace plumbline::generate
