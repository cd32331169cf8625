#include "properties/quantize/block_gemm_judge.hpp"

#include "properties/judge/constants.hpp"

namespace plumbline::quantize {

verdict judge_block_gemm(const block_gemm_problem& p, const block_gemm_truth& truth, const contract& promised,
                         const tensor& out) {
  product_truth t;
  t.rows = p.m;
  t.columns = p.n;
  t.terms = p.k;
  t.out = truth.out;
  t.S1 = truth.rounding_s1;
  t.SB = truth.rounding_sb;
  t.scaled = truth.step_sb;
  t.scalings = truth.steps;
  if (judging::noise_of(promised.product().sums).promoted) {
    t.lost = truth.lost;
    t.lost2 = truth.lost2;
  }
  contract typed = promised;
  typed.out_type = p.out_type;
  return judge_product(t, typed, out.values(), {});
}

verdict judge_block_gemm(const block_gemm_problem& p, const contract& promised, const tensor_set& inputs,
                         const tensor_set& outputs) {
  return judge_block_gemm(p, block_gemm(p, inputs), promised, outputs.at("out"));
}

}  // namespace plumbline::quantize
