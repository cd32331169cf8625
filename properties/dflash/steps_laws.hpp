// The laws of steps beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::laws {

std::span<const law<dflash::steps_problem>> dflash_steps_laws();

}  // namespace plumbline::laws
