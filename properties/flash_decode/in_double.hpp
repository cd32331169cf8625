// What the reference says of flash_decode in double, with its own error; see properties/in_double.hpp.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

/// truth_out, truth_lse and the companions of attention.
std::vector<double_result> in_double(const attend_problem&, const tensor_set& inputs, const contract&);
/// With rotation truth_k_new and truth_q_rotated, rotated and not yet rounded; all else is bytes.
std::vector<double_result> in_double(const append_problem&, const tensor_set& inputs, const contract&);
/// truth_out, truth_lse, companion_S1.
std::vector<double_result> in_double(const combine_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::flash_decode
