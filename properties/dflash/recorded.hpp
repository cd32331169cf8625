// Cases of dflash in files: options are the keys of a problem's text, tensors have the names of the call's.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "properties/recorded_outputs.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {

/// Of every problem of dflash.
template <class Problem>
std::map<std::string, std::string> options_of_problem(const Problem&);
template <class Problem>
material<Problem> read(const recorded_case&);
template <class Problem>
external_judgement judge_recorded(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::dflash
