// Does a projection agree with the truth?
#pragma once

#include "properties/judge/product_judge.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

/// Rows are (token, head).  Weights that are codes enter as a kernel reads them, so their rounding is no part
/// of the error.
product_truth product_truth_of(const project_problem&, const tensor_set& inputs);
verdict judge_outputs(const project_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);

}  // namespace plumbline::mla
