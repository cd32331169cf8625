#include "properties/flash_decode/in_double.hpp"

#include "properties/flash_decode/append_agreement.hpp"
#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/combine_agreement.hpp"
#include "properties/laws/attention_in_double.hpp"
#include "properties/laws/sums_in_double.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode {

std::vector<double_result> in_double(const attend_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  const tensor_set shapes = make_outputs(p);
  return laws::attention_in_double("out", shapes.at("out").shape(), shapes.at("lse").shape(),
                                   attend_units(p, inputs), laws::attend_truth(p, inputs, promised),
                                   [&p](std::size_t unit, std::int64_t row) {
                                     const row_place place = place_of(p, unit, row);
                                     return laws::attention_place{place.out_row, place.lse};
                                   });
}

std::vector<double_result> in_double(const append_problem& p, const tensor_set& inputs, const contract&) {
  std::vector<double_result> all;
  if (p.rotary_dim == 0) return all;
  const append_truth truth = append(p, inputs);
  const auto magnitudes = laws::rotation_magnitudes(p, inputs);
  all.push_back(double_of("truth_k_new", inputs.at("k_new").shape(), truth.k_exact,
                          laws::rotation_slack(magnitudes.k)));
  if (!truth.q_exact.empty())
    all.push_back(double_of("truth_q_rotated", inputs.at("q").shape(), truth.q_exact,
                            laws::rotation_slack(magnitudes.q)));
  return all;
}

std::vector<double_result> in_double(const combine_problem& p, const tensor_set& inputs, const contract&) {
  const tensor_set shapes = make_outputs(p);
  const auto truth = laws::combine_truth_of(p, inputs);
  return laws::merged_in_double(shapes.at("out").shape(), shapes.at("lse").shape(), p.num_splits, truth.out,
                                truth.S1, truth.lse, inputs.at("lse_partial").values());
}

}  // namespace plumbline::flash_decode
