// How a product of codes is judged: verdict of product_judge.hpp, on sums that leave a narrow accumulator
// after every 128 columns.
#pragma once

#include "properties/judge/product_judge.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

/// `out` is (m, n) in the problem's output type, whichever the contract names.
verdict judge_block_gemm(const block_gemm_problem&, const block_gemm_truth&, const contract&,
                         const tensor& out);
verdict judge_block_gemm(const block_gemm_problem&, const contract&, const tensor_set& inputs,
                         const tensor_set& outputs);

}  // namespace plumbline::quantize
