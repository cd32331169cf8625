// What the reference says of conv1d in double, with its own error; see properties/in_double.hpp.  States are
// bytes.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

/// truth_out, companion_size; 0 where a token is padding, which is not compared.
std::vector<double_result> in_double(const prefill_problem&, const tensor_set& inputs, const contract&);
std::vector<double_result> in_double(const update_problem&, const tensor_set& inputs, const contract&);
std::vector<double_result> in_double(const update_speculative_problem&, const tensor_set& inputs,
                                     const contract&);
std::vector<double_result> in_double(const steps_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::conv1d
