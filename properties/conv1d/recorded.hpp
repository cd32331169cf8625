// Cases of conv1d in files: options are the keys of a problem's text, tensors have the names of the call's.
//
// `expected_NAME` holds somebody's output NAME in its type and is judged like a kernel's.  An output that is
// updated in place lies beside its input as `out_NAME`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "properties/recorded_outputs.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

/// Of every problem of conv1d.
template <class Problem>
std::map<std::string, std::string> options_of_problem(const Problem&);
template <class Problem>
material<Problem> read(const recorded_case&);
template <class Problem>
external_judgement judge_recorded(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::conv1d
