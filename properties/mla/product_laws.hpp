// The laws of project beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::laws {

using project_subject = subject<mla::project_problem>;

std::span<const law<mla::project_problem>> project_laws();
std::string broken_project_refusals(const project_subject&);

}  // namespace plumbline::laws
