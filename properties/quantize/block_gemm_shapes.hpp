// Which products of codes are drawn, and with which numbers.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

/// What an accumulator gets wrong shows on data of one sign, scales show where the sums are exact.
inline constexpr std::array<std::string_view, 9> product_regimes = {
    "ordinary", "positive", "small_integers", "one_product", "cancelling",
    "one_huge", "any_code", "zero_blocks",    "tiny_scales"};
/// Regime of the index-th case: `ordinary` and `positive` for half of them.
std::string_view draw_product_regime(std::uint64_t seed, std::uint64_t index);

/// Codes and output are of the contract's types.
quantize::block_gemm_problem draw_block_gemm(const contract& promised, std::string_view regime,
                                             std::uint64_t seed, std::uint64_t index);
tensor_set draw_inputs(const quantize::block_gemm_problem&, std::string_view regime, std::uint64_t seed);

std::vector<quantize::block_gemm_problem> smaller(const quantize::block_gemm_problem&);
std::span<const problem_class<quantize::block_gemm_problem>> block_gemm_classes();

}  // namespace plumbline::generate
