// Shapes of dflash's attention.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

dflash::attention_problem draw_dflash_attention(const contract& promised, std::string_view regime,
                                                std::uint64_t seed, std::uint64_t index);
std::vector<dflash::attention_problem> smaller(const dflash::attention_problem&);
std::span<const problem_class<dflash::attention_problem>> dflash_attention_classes();

}  // namespace plumbline::generate
