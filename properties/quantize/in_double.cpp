#include "properties/quantize/in_double.hpp"

#include "properties/laws/sums_in_double.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

std::vector<double_result> in_double(const block_gemm_problem& p, const tensor_set& inputs, const contract&) {
  const block_gemm_truth truth = block_gemm(p, inputs);
  return laws::product_in_double("out", make_outputs(p).at("out").shape(), p.k + truth.blocks, truth.out,
                                 truth.s1, truth.sb);
}

}  // namespace plumbline::quantize
