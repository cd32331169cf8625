#include "properties/flash_decode/attend_agreement.hpp"

#include <algorithm>

#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

std::vector<attention_output> decode_outputs(const attend_problem& p, std::span<const attention_truth> truth,
                                             const tensor_set& outputs) {
  const std::vector<double> out = outputs.at("out").values();
  const tensor* lse_tensor = outputs.find("lse");
  const std::vector<double> lse = lse_tensor ? lse_tensor->values() : std::vector<double>{};
  std::vector<attention_output> computed(truth.size());
  for (std::size_t u = 0; u < truth.size(); ++u) {
    for (std::int64_t row = 0; row < truth[u].rows; ++row) {
      const auto place = flash_decode::place_of(p, u, row);
      const auto first = out.begin() + place.out_row * p.dv;
      computed[u].out.insert(computed[u].out.end(), first, first + p.dv);
      if (lse_tensor) computed[u].lse.push_back(lse[static_cast<std::size_t>(place.lse)]);
    }
  }
  return computed;
}

row_name attend_row_name(const attend_problem& p) {
  return [p](std::size_t unit, std::int64_t row) {
    return flash_decode::name_of(flash_decode::place_of(p, unit, row));
  };
}

verdict judge_attend(const attend_problem& p, std::span<const attention_truth> truth,
                     const contract& promised, const tensor_set& outputs) {
  const auto computed = decode_outputs(p, truth, outputs);
  return judge_attention(truth, 0, promised, computed, attend_row_name(p));
}

std::vector<attention_truth> attend_truth(const attend_problem& p, const tensor_set& inputs,
                                          const contract& promised) {
  return flash_decode::attend(p, inputs, std::span(&promised, 1));
}

}  // namespace plumbline::laws
