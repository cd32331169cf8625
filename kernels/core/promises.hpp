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
  contract c;
  c.name = name;
  c.in = in;
  c.acc_qk = c.acc_pv = sums;
  c.p_type = p;
  c.p_scale = p_scale;
  c.e_exp = kernels::exp2_soft_error;
  c.e_tanh = kernels::tanh_soft_error;
  c.out_type = out;
  return c;
}

/// Functions that only move or merge: the types are all there is to promise.
constexpr contract movement(std::string_view name, dtype type, dtype out) {
  return attention(name, type, accumulation::f32, dtype::f32, 1, out);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline
