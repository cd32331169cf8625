// Inputs of groups, weight_dequant and scatter.
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

/// Bytes that are moved are any bits; what is cast comes from the classes of elements.
inline constexpr std::array<std::string_view, 2> scatter_regimes = {"any_pattern", "mixed"};
std::string_view draw_scatter_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const quantize::groups_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const quantize::weight_dequant_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const quantize::scatter_problem&, std::string_view regime, std::uint64_t seed);

}  // namespace plumbline::generate
