// Does a forward agree with the truth, step by step?
#pragma once

#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

/// Judges every step of a forward on what the step before left in `outputs`, each as a call of its own
/// function: findings, warnings and messages name the output of the step.
verdict judge_outputs(const forward_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);

/// The largest error of `out` against the module as a whole, no step rounded, in units in the last place of
/// the largest element of its row: what the steps come to together.  Not judged.
double chain_error(const forward_problem&, const tensor_set& inputs, const tensor_set& outputs);

}  // namespace plumbline::mla
