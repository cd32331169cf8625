#include "properties/mla/row_agreement.hpp"

#include <string>

#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/norm_judge.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::mla {

verdict judge_outputs(const rms_norm_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_norm({p.tokens, p.dim, rms_norm(p, inputs)}, p.type, outputs.at("out").values(),
                    [](std::int64_t row) { return "token " + std::to_string(row); });
}

verdict judge_outputs(const rotary_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const rotary_truth truth = rotary(p, inputs);
  return judge_rotated("out", p.type, truth.out, truth.size, outputs.at("out").values(), [p](std::int64_t i) {
    const std::int64_t row = i / p.d;
    return "sequence " + std::to_string(row / p.heads / p.sq) + ", token " +
           std::to_string(row / p.heads % p.sq) + ", head " + std::to_string(row % p.heads) + ", element " +
           std::to_string(i % p.d);
  });
}

verdict judge_outputs(const write_cache_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const write_cache_truth truth = write_cache(p, inputs);
  return judge_bytes("k_cache", truth.k_cache, outputs.at("k_cache"), {},
                     [&](std::span<const std::int64_t> at) {
                       const std::int64_t slot = at[0] * p.page_size + at[1];
                       std::string whose = ", of no token";
                       for (std::size_t token = 0; token < truth.slot.size(); ++token)
                         if (truth.slot[token] == slot) whose = ", of token " + std::to_string(token);
                       return "page " + std::to_string(at[0]) + ", row " + std::to_string(at[1]) +
                              ", element " + std::to_string(at[3]) + whose;
                     });
}

}  // namespace plumbline::mla
