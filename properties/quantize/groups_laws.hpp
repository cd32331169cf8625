// The laws of groups, weight_dequant and scatter beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::laws {

using groups_subject = subject<quantize::groups_problem>;
using weight_subject = subject<quantize::weight_dequant_problem>;
using scatter_subject = subject<quantize::scatter_problem>;

std::span<const law<quantize::groups_problem>> groups_laws();
std::span<const law<quantize::weight_dequant_problem>> weight_dequant_laws();
std::span<const law<quantize::scatter_problem>> scatter_laws();

std::string broken_groups_refusals(const groups_subject&);
std::string broken_weight_refusals(const weight_subject&);
std::string broken_scatter_refusals(const scatter_subject&);

}  // namespace plumbline::laws
