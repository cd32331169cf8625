// Contracts and claims in the words in which rows of variants state them.
#pragma once

#include <string_view>

#include "kernels/core/numeric.hpp"
#include "reference/core/contract.hpp"

namespace plumbline {
inline namespace PLUMBLINE_SIDE_NAME {

/// What every kernel claims that sums in a fixed order and depends on no other sequence of its batch.
inline constexpr claim every_run_alike = claim::same_bits_run_to_run | claim::same_bits_any_batch_position |
                                         claim::same_bits_any_page_layout | claim::same_bits_any_schedule;

/// The promise of an attention variant whose exp2 and tanh are ours and whose shift is a maximum of scores.
constexpr contract attention(std::string_view name, dtype in, accumulation sums, dtype p, double p_scale,
                             dtype out) {
  attention_promise how;
  how.acc_qk = how.acc_pv = sums;
  how.p_type = p;
  how.p_scale = p_scale;
  how.e_exp = kernels::exp2_soft_error;
  how.e_tanh = kernels::tanh_soft_error;
  return {name, in, out, how};
}

/// Sums of products, accumulated like this.
constexpr contract product(std::string_view name, dtype in, accumulation sums, dtype out) {
  return {name, in, out, product_promise{sums}};
}

/// Functions that only move, merge or encode: the types are all there is to promise.
constexpr contract movement(std::string_view name, dtype in, dtype out) {
  return {name, in, out, types_alone{}};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline
