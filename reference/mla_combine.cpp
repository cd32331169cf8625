// combine: partials weighed by powers of two of their log-sum-exp; an empty one is skipped, whatever it
// holds. A sink joins the weights' normaliser and never the lse.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "reference/core/bulk_decode.hpp"
#include "reference/mla.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::mla {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The share of the keys beside a sink; both in natural units.
double sink_share(const tensor* sink, std::int64_t head, double lse) {
  if (sink == nullptr) return 1;
  const std::int64_t at[] = {head};
  return 1 / (1 + std::exp(sink->value(sink->offset(at)) - lse));
}

}  // namespace

combine_truth combine(const combine_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &partial = inputs.at("out_partial"), &logs = inputs.at("lse_partial");
  const tensor* sink = inputs.find("attn_sink");
  const auto rows = static_cast<std::size_t>(p.b * p.sq * p.hq), width = static_cast<std::size_t>(p.dv);
  combine_truth truth;
  for (auto* of_elements : {&truth.out, &truth.S1, &truth.squares}) of_elements->assign(rows * width, 0.0);
  truth.lse.assign(rows, infinity);
  truth.max_lse.assign(rows, -infinity);
  truth.sink_factor.assign(rows, sink == nullptr ? 1.0 : 0.0);

  std::vector<double> values(width);
  std::int64_t first = 0;
  for (std::int64_t r = 0; r < p.b; first += p.splits[static_cast<std::size_t>(r)], ++r)
    for (std::int64_t i = 0; i < p.sq; ++i)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        std::vector<double> weights;
        for (std::int64_t s = first; s < first + p.splits[static_cast<std::size_t>(r)]; ++s) {
          const std::int64_t at[] = {s, i, h};
          weights.push_back(logs.value(logs.offset(at)));
        }
        const double most = *std::max_element(weights.begin(), weights.end());
        if (most == -infinity) continue;
        double total = 0;
        for (double& w : weights) total += w = std::exp2(w - most);
        const auto at_lse = static_cast<std::size_t>((r * p.hq + h) * p.sq + i);
        truth.lse[at_lse] = (most + std::log2(total)) * std::numbers::ln2;
        truth.max_lse[at_lse] = most * std::numbers::ln2;
        const double share = sink_share(sink, h, truth.lse[at_lse]);
        truth.sink_factor[at_lse] = share;
        const std::size_t to = static_cast<std::size_t>((r * p.sq + i) * p.hq + h) * width;
        for (std::size_t s = 0; s < weights.size(); ++s) {
          const double w = weights[s] / total * share;
          if (!(w > 0)) continue;
          const std::int64_t at[] = {first + static_cast<std::int64_t>(s), i, h, 0};
          decode_row(partial.type(), element(partial, partial.offset(at)), p.dv, values.data());
          for (std::size_t c = 0; c < width; ++c) {
            const double x = w * values[c];
            truth.out[to + c] += x;
            truth.S1[to + c] += std::fabs(x);
            truth.squares[to + c] += x * x;
          }
        }
      }
  return truth;
}

}  // namespace plumbline::mla
