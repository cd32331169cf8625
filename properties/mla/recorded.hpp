// Cases of mla's steps in files.
//
// Shapes follow from the tensors; options that repeat them must agree.  `expected_output` is what somebody
// computed in the recorded type and is judged like a kernel's result; `expected_output_float64` is somebody's
// truth, which ours may differ from by the rounding of a double sum.
#pragma once

#include <string_view>

#include "properties/recorded_outputs.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

material<prefill_problem> read_prefill(const recorded_case&);
external_judgement judge_recorded_prefill(const recorded_case&, std::string_view contract_name);
material<decode_problem> read_decode(const recorded_case&);
external_judgement judge_recorded_decode(const recorded_case&, std::string_view contract_name);
material<decode_indices_problem> read_decode_indices(const recorded_case&);
external_judgement judge_recorded_decode_indices(const recorded_case&, std::string_view contract_name);
material<prefill_indices_problem> read_prefill_indices(const recorded_case&);
external_judgement judge_recorded_prefill_indices(const recorded_case&, std::string_view contract_name);
material<rms_norm_problem> read_rms_norm(const recorded_case&);
external_judgement judge_recorded_rms_norm(const recorded_case&, std::string_view contract_name);
material<rotary_problem> read_rotary(const recorded_case&);
external_judgement judge_recorded_rotary(const recorded_case&, std::string_view contract_name);
material<write_cache_problem> read_write_cache(const recorded_case&);
external_judgement judge_recorded_write_cache(const recorded_case&, std::string_view contract_name);
material<schedule_problem> read_schedule(const recorded_case&);
external_judgement judge_recorded_schedule(const recorded_case&, std::string_view contract_name);
material<combine_problem> read_combine(const recorded_case&);
external_judgement judge_recorded_combine(const recorded_case&, std::string_view contract_name);
material<project_problem> read_project(const recorded_case&);
external_judgement judge_recorded_project(const recorded_case&, std::string_view contract_name);

material<forward_problem> read_forward(const recorded_case&);
external_judgement judge_recorded_forward(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::mla
