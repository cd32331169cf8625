// The laws of forward beyond agreement of its steps with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::laws {

using forward_subject = subject<mla::forward_problem>;

std::span<const law<mla::forward_problem>> forward_laws();
std::string broken_forward_refusals(const forward_subject&);

}  // namespace plumbline::laws
