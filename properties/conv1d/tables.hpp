// Tables of the function of conv1d that somebody judges other code by: with another `table` of variants they
// make an operation of the same generators, laws and judge.
#pragma once

#include "properties/table_operation.hpp"
#include "reference/conv1d_problem.hpp"

namespace plumbline::conv1d {

const function_tables<prefill_problem>& prefill_tables();

}  // namespace plumbline::conv1d
