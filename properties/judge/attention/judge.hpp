// The judge of attention outputs: exact classes first, then H, E, R, A on `out` and L on `lse`.
#pragma once

#include <span>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"

namespace plumbline {

/// What a kernel computed for one unit, in the unit's row order, decoded exactly to double.
struct attention_output {
  std::vector<double> out;  // (rows, dv)
  std::vector<double> lse;  // (rows), natural log; empty: the kernel returned none
};

/// Judges all units of one call together.  `which` is the index of the contract in truth[i].contracts.
verdict judge_attention(std::span<const attention_truth> truth, std::size_t which, const contract& promised,
                        std::span<const attention_output> computed, const row_name& name);

}  // namespace plumbline
