// Cases of conv1d in files: options are the keys of a problem's text, tensors have the names of the call's.
//
// `expected_NAME` holds somebody's output NAME in its type and is judged like a kernel's.  An output that is
// updated in place lies beside its input as `out_NAME`.
#pragma once

#include <string_view>

#include "properties/recorded_outputs.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

material<prefill_problem> read_prefill(const recorded_case&);
external_judgement judge_recorded_prefill(const recorded_case&, std::string_view contract_name);
material<update_problem> read_update(const recorded_case&);
external_judgement judge_recorded_update(const recorded_case&, std::string_view contract_name);
material<update_speculative_problem> read_update_speculative(const recorded_case&);
external_judgement judge_recorded_update_speculative(const recorded_case&, std::string_view contract_name);
material<varlen_states_problem> read_varlen_states(const recorded_case&);
external_judgement judge_recorded_varlen_states(const recorded_case&, std::string_view contract_name);

material<steps_problem> read_steps(const recorded_case&);
external_judgement judge_recorded_steps(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::conv1d
