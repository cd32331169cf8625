// Shapes of accept.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

dflash::accept_problem draw_dflash_accept(const contract& promised, std::string_view regime,
                                          std::uint64_t seed, std::uint64_t index);
std::vector<dflash::accept_problem> smaller(const dflash::accept_problem&);
std::span<const problem_class<dflash::accept_problem>> dflash_accept_classes();

}  // namespace plumbline::generate
