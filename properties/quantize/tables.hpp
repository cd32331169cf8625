// Tables of the function of quantize that somebody judges other code by: with another `table` of variants
// they make an operation of the same generators, laws and judge.
#pragma once

#include "properties/table_operation.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

const function_tables<store_problem>& store_tables();

}  // namespace plumbline::quantize
