// The variants of quantize, function by function: variants_of<store_problem>(side), variants_of<
// dequantize_problem>(side), and so on (kernels/core/table.hpp).
//
// Codes and scales are bits, so a contract says little here: which input type a row takes.  Below stands
// which of a problem's types that is.  Only block_gemm rounds; its contract names the accumulator.
#pragma once

#include "kernels/core/table.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

/// The type by which a row's contract is found (`variant::contract_for`).
constexpr dtype input_of(const cache_shape& p) { return p.type; }
constexpr dtype input_of(const groups_problem& p) { return p.type; }
constexpr dtype input_of(const weight_dequant_problem& p) { return p.code; }
constexpr dtype input_of(const block_gemm_problem& p) { return p.code; }
constexpr dtype input_of(const scatter_problem& p) { return p.type; }

}  // namespace plumbline::quantize
