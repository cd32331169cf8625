// Which matrices are quantized, read, multiplied and scattered.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

/// Codes are of the contract's output type.
quantize::groups_problem draw_groups(const contract& promised, std::string_view regime, std::uint64_t seed,
                                     std::uint64_t index);
quantize::weight_dequant_problem draw_weight_dequant(dtype code, std::string_view regime, std::uint64_t seed,
                                                     std::uint64_t index);
quantize::scatter_problem draw_scatter(dtype in, std::string_view regime, std::uint64_t seed,
                                       std::uint64_t index);

std::vector<quantize::groups_problem> smaller(const quantize::groups_problem&);
std::vector<quantize::weight_dequant_problem> smaller(const quantize::weight_dequant_problem&);
std::vector<quantize::scatter_problem> smaller(const quantize::scatter_problem&);

std::span<const problem_class<quantize::groups_problem>> groups_classes();
std::span<const problem_class<quantize::weight_dequant_problem>> weight_dequant_classes();
std::span<const problem_class<quantize::scatter_problem>> scatter_classes();

}  // namespace plumbline::generate
