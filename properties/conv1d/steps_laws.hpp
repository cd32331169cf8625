// The laws of steps beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::laws {

std::span<const law<conv1d::steps_problem>> conv1d_steps_laws();

}  // namespace plumbline::laws
