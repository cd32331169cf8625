#include "properties/mla/in_double.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/constants.hpp"
#include "properties/laws/attention_in_double.hpp"
#include "properties/laws/double_precision.hpp"
#include "properties/laws/sums_in_double.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/module_noise.hpp"
#include "reference/mla.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::mla {

namespace {

template <class Problem>
std::vector<double_result> attention(const Problem& p, const tensor_set& inputs, const contract& promised) {
  const tensor_set shapes = make_outputs(p);
  const tensor* lse = shapes.find("lse");
  return laws::attention_in_double(
      "out", shapes.at("out").shape(), lse == nullptr ? std::span<const std::int64_t>{} : lse->shape(),
      units_of(p, inputs), attention_truth_of(p, inputs, promised), [&p](std::size_t unit, std::int64_t row) {
        const row_place place = place_of(p, unit, row);
        return laws::attention_place{place.out_row, place.lse};
      });
}

}  // namespace

std::vector<double_result> in_double(const prefill_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  return attention(p, inputs, promised);
}
std::vector<double_result> in_double(const decode_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  return attention(p, inputs, promised);
}
std::vector<double_result> in_double(const decode_indices_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  return attention(p, inputs, promised);
}

std::vector<double_result> in_double(const prefill_indices_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  std::vector<double_result> all = attention(p, inputs, promised);
  const prefill_indices_truth truth = prefill_indices(p, inputs, {});
  const std::vector<attention_unit> units = units_of(p, inputs);
  std::vector<double> slack(truth.max_logits.size());
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    const laws::evaluation_slack its = laws::slack_of(units[unit], unit_roundoff(dtype::f64));
    for (std::int64_t row = 0; row < units[unit].rows; ++row) {
      const auto at = static_cast<std::size_t>(place_of(p, unit, row).lse);
      slack[at] = its.lse(truth.max_logits[at]);
    }
  }
  all.push_back(double_of("truth_max_logits", make_outputs(p).at("max_logits").shape(), truth.max_logits,
                          std::move(slack)));
  return all;
}

std::vector<double_result> in_double(const combine_problem& p, const tensor_set& inputs, const contract&) {
  const tensor_set shapes = make_outputs(p);
  const combine_truth truth = combine(p, inputs);
  std::int64_t most = 0;
  for (const std::int64_t one : p.splits) most = std::max(most, one);
  return laws::merged_in_double(shapes.at("out").shape(), shapes.at("lse").shape(), most, truth.out, truth.S1,
                                truth.lse, inputs.at("lse_partial").values());
}

// The mean of squares is a sum of numbers of one sign, so its root is known to as much of itself.
std::vector<double_result> in_double(const rms_norm_problem& p, const tensor_set& inputs, const contract&) {
  const std::vector<double> out = rms_norm(p, inputs);
  std::vector<double> sizes;
  for (const double one : out) sizes.push_back(std::fabs(one));
  std::vector<double_result> all;
  all.push_back(
      double_of("truth_out", make_outputs(p).at("out").shape(), out, laws::sum_slack(p.dim / 2 + 4, sizes)));
  return all;
}

std::vector<double_result> in_double(const rotary_problem& p, const tensor_set& inputs, const contract&) {
  const rotary_truth truth = rotary(p, inputs);
  std::vector<double_result> all;
  all.push_back(
      double_of("truth_out", make_outputs(p).at("out").shape(), truth.out, laws::rotation_slack(truth.size)));
  return all;
}

std::vector<double_result> in_double(const project_problem& p, const tensor_set& inputs, const contract&) {
  const project_truth truth = project(p, inputs);
  return laws::product_in_double("out", make_outputs(p).at("out").shape(), shape_of(p).inner, truth.out,
                                 truth.S1, truth.SB);
}

// Two evaluations of a chain in double lie apart by the likely error of both (module_noise.hpp).
std::vector<double_result> in_double(const forward_problem& p, const tensor_set& inputs, const contract&) {
  std::vector<double_result> all;
  if (p.b * p.sq == 0) return all;
  const tensor_set shapes = make_outputs(p, inputs);
  const forward_truth truth = forward(p, inputs, {}, {.companions = false});
  module_results apart = module_deviation(p, inputs, nullptr, {0x1p-53, 0x1p-53});
  const auto add = [&](const char* name, const std::vector<double>& values, std::vector<double>& deviation) {
    const double sides = std::sqrt(2.0);
    const double K = sides * judging::element_threshold.at(static_cast<double>(values.size()));
    for (double& one : deviation) one = K * one + 0x1p-1000;
    all.push_back(
        double_of(std::string("truth_") + name, shapes.at(name).shape(), values, std::move(deviation)));
  };
  add("out", truth.out, apart.out);
  add("latent", truth.latent, apart.latent);
  add("k_pe", truth.k_pe, apart.k_pe);
  return all;
}

}  // namespace plumbline::mla
