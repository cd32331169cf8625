#include "properties/flash_decode/combine_agreement.hpp"

#include <string>

#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::combine_problem;

combine_truth combine_truth_of(const combine_problem& p, const tensor_set& inputs) {
  const auto out = inputs.at("out_partial").values(), lse = inputs.at("lse_partial").values();
  combine_truth truth = merge_partials(p.num_splits, p.b * p.sq * p.hq, p.dv, out, lse);
  flash_decode::combine_truth reference = flash_decode::combine(p, inputs);
  truth.out = std::move(reference.out);
  truth.lse = std::move(reference.lse);
  return truth;
}

verdict judge_combined(const combine_problem& p, const combine_truth& truth, const contract& promised,
                       const tensor_set& outputs) {
  contract typed = promised;
  typed.out_type = p.out_type;
  const auto name = [p](std::int64_t row) {
    return "sequence " + std::to_string(row / (p.sq * p.hq)) + ", query " +
           std::to_string(row / p.hq % p.sq) + ", head " + std::to_string(row % p.hq);
  };
  const tensor* lse = outputs.find("lse");
  return judge_combine(truth, typed, outputs.at("out").values(), lse ? lse->values() : std::vector<double>{},
                       name);
}

}  // namespace plumbline::laws
