// The truth of conv1d.steps.
#pragma once

#include "reference/conv1d.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

/// Results in the order of out's elements, both pools after the last step.
call_truth steps(const steps_problem&, const tensor_set& inputs);

}  // namespace plumbline::conv1d
