// combine: partials weighed by their log-sum-exp; an empty one is skipped, whatever it holds.
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/bulk_decode.hpp"
#include "reference/flash_decode.hpp"
#include "reference/flash_decode_places.hpp"

namespace plumbline::flash_decode {

combine_truth combine(const combine_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &partial = inputs.at("out_partial"), &lse = inputs.at("lse_partial");
  combine_truth truth;
  truth.out.assign(static_cast<std::size_t>(p.b * p.sq * p.hq * p.dv), 0.0);
  const double empty = -std::numeric_limits<double>::infinity();
  std::vector<double> logs(static_cast<std::size_t>(p.num_splits)), row(static_cast<std::size_t>(p.dv));
  double* out = truth.out.data();
  for (std::int64_t n = 0; n < p.b * p.sq * p.hq; ++n, out += p.dv) {
    const std::int64_t b = n / (p.sq * p.hq), i = n / p.hq % p.sq, h = n % p.hq;
    for (std::int64_t s = 0; s < p.num_splits; ++s) {
      const std::int64_t index[] = {s, b, i, h};
      logs[static_cast<std::size_t>(s)] = lse.value(lse.offset(index));
    }
    const double largest = *std::max_element(logs.begin(), logs.end());
    if (largest == empty) {
      truth.lse.push_back(empty);
      continue;
    }
    double total = 0;
    for (double& log : logs) total += log = log == empty ? 0 : std::exp(log - largest);
    truth.lse.push_back(largest + std::log(total));
    for (std::int64_t s = 0; s < p.num_splits; ++s) {
      const double weight = logs[static_cast<std::size_t>(s)] / total;
      if (!(weight > 0)) continue;
      const std::int64_t index[] = {s, b, i, h, 0};
      decode_row(partial.type(), element(partial, partial.offset(index)), p.dv, row.data());
      for (std::int64_t c = 0; c < p.dv; ++c) out[c] += weight * row[static_cast<std::size_t>(c)];
    }
  }
  return truth;
}

}  // namespace plumbline::flash_decode
