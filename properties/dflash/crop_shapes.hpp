// Shapes and inputs of crop: any bits lie in the caches, and those in use are no more precious than others.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 1> dflash_crop_regimes = {"any_pattern"};
std::string_view draw_dflash_crop_regime(std::uint64_t seed, std::uint64_t index);

dflash::crop_problem draw_dflash_crop(const contract& promised, std::string_view regime, std::uint64_t seed,
                                      std::uint64_t index);
std::vector<dflash::crop_problem> smaller(const dflash::crop_problem&);
std::span<const problem_class<dflash::crop_problem>> dflash_crop_classes();

tensor_set draw_inputs(const dflash::crop_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
