// Do schedule and combine agree with the truth?
#pragma once

#include "properties/judge/combine_judge.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

/// Exact, but for what upstream leaves open: the padding column, and all but the first of an idle part.
verdict judge_outputs(const schedule_problem&, const tensor_set& inputs, const tensor_set& outputs);

/// Truth with what the budget needs; rows are (request, query, head).  out and lse are the reference's own;
/// the sums of the budget are formed beside, each request by itself.  A sink's share scales them all and adds
/// its own doubt to the weights.
plumbline::combine_truth merged_truth(const combine_problem&, const tensor_set& inputs);
verdict judge_outputs(const combine_problem&, const tensor_set& inputs, const tensor_set& outputs);

}  // namespace plumbline::mla
