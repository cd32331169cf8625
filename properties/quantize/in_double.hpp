// What the reference says of block_gemm in double, with its own error; the other functions of quantize give
// codes.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

/// truth_out, companion_S1_out, companion_SB_out.
std::vector<double_result> in_double(const block_gemm_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::quantize
