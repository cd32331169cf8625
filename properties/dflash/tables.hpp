// Tables of the functions of dflash that somebody judges other code by: with another `table` of variants they
// make an operation of the same generators, laws and judge.
#pragma once

#include "properties/table_operation.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {

const function_tables<project_problem>& project_tables();
const function_tables<attention_problem>& attention_tables();
const function_tables<accept_problem>& accept_tables();
const function_tables<crop_problem>& crop_tables();
const function_tables<steps_problem>& steps_tables();

}  // namespace plumbline::dflash
