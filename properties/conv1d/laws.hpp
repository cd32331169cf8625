// The laws of conv1d beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/conv1d_problem.hpp"

namespace plumbline::laws {

using prefill_subject = subject<conv1d::prefill_problem>;
using update_subject = subject<conv1d::update_problem>;
using update_speculative_subject = subject<conv1d::update_speculative_problem>;
using varlen_states_subject = subject<conv1d::varlen_states_problem>;

std::span<const law<conv1d::prefill_problem>> conv1d_prefill_laws();
std::span<const law<conv1d::update_problem>> conv1d_update_laws();
std::span<const law<conv1d::update_speculative_problem>> conv1d_update_speculative_laws();
std::span<const law<conv1d::varlen_states_problem>> conv1d_varlen_states_laws();

std::string broken_prefill_refusals(const prefill_subject&);
std::string broken_update_refusals(const update_subject&);
std::string broken_update_speculative_refusals(const update_speculative_subject&);
std::string broken_varlen_states_refusals(const varlen_states_subject&);

}  // namespace plumbline::laws
