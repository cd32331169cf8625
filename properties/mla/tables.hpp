// Tables of the function of mla that somebody judges other code by: with another `table` of variants they
// make an operation of the same generators, laws and judge.
#pragma once

#include "properties/table_operation.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

const function_tables<forward_problem>& forward_tables();

}  // namespace plumbline::mla
