// The laws of schedule and combine beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::laws {

using schedule_subject = subject<mla::schedule_problem>;
using mla_combine_subject = subject<mla::combine_problem>;

std::span<const law<mla::schedule_problem>> schedule_laws();
std::span<const law<mla::combine_problem>> mla_combine_laws();

std::string broken_schedule_refusals(const schedule_subject&);
std::string broken_combine_refusals(const mla_combine_subject&);

}  // namespace plumbline::laws
