#include "properties/conv1d/in_double.hpp"

#include <cmath>

#include "properties/laws/sums_in_double.hpp"
#include "reference/conv1d.hpp"
#include "reference/conv1d_steps.hpp"

namespace plumbline::conv1d {

namespace {

// A filter is a sum of at most width + 1 terms, whose products are exact.  silu(y) = y s(y) is no steeper
// than 1.1, and costs four more roundings of itself: exp, sum, quotient, product.
template <class Problem>
std::vector<double_result> filtered(const Problem& p, const tensor_set& inputs, const filter_truth& truth) {
  const tensor_set outputs = make_outputs(p, inputs);
  const auto shape = outputs.at("out").shape();
  std::vector<double> sizes(truth.size.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = 1.1 * truth.size[i] + std::fabs(truth.out[i]);
  std::vector<double_result> all;
  all.push_back(double_of("truth_out", shape, truth.out, laws::sum_slack(p.width + 4, sizes)));
  all.push_back(double_of("companion_size", shape, truth.size, laws::sum_slack(p.width, truth.size)));
  return all;
}

}  // namespace

std::vector<double_result> in_double(const prefill_problem& p, const tensor_set& inputs, const contract&) {
  return filtered(p, inputs, prefill(p, inputs).filter);
}
std::vector<double_result> in_double(const update_problem& p, const tensor_set& inputs, const contract&) {
  return filtered(p, inputs, update(p, inputs).filter);
}
std::vector<double_result> in_double(const update_speculative_problem& p, const tensor_set& inputs,
                                     const contract&) {
  return filtered(p, inputs, update_speculative(p, inputs).filter);
}
std::vector<double_result> in_double(const steps_problem& p, const tensor_set& inputs, const contract&) {
  return filtered(p, inputs, steps(p, inputs).filter);
}

}  // namespace plumbline::conv1d
