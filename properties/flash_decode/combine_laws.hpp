// The laws of combine beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

using combine_subject = subject<flash_decode::combine_problem>;

std::span<const law<flash_decode::combine_problem>> combine_laws();

}  // namespace plumbline::laws
