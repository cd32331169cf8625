// Does a combine agree with the truth?
#pragma once

#include "properties/judge/combine_judge.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

/// Truth with what the budget needs.  out and lse are the reference's own; the sums of the budget are formed
/// beside.
combine_truth combine_truth_of(const flash_decode::combine_problem&, const tensor_set& inputs);

verdict judge_combined(const flash_decode::combine_problem&, const combine_truth&, const contract& promised,
                       const tensor_set& outputs);

}  // namespace plumbline::laws
