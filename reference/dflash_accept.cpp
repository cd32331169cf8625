// accept and crop.
//
// A token is drawn by inverting the distribution function in the order of the vocabulary, so a uniform number
// decides it and nothing else does; sums run in that order, in double.
#include <algorithm>
#include <cmath>

#include "reference/dflash.hpp"

namespace plumbline::dflash {

namespace {

// p(0) + .. + p(t) of softmax(logits / temperature).
std::vector<double> cumulative_of(std::span<const double> logits, double temperature) {
  const double largest = logits[static_cast<std::size_t>(first_largest(logits))];
  std::vector<double> sums(logits.size());
  double total = 0;
  for (std::size_t t = 0; t < logits.size(); ++t)
    sums[t] = total += std::exp((logits[t] - largest) / temperature);
  for (double& sum : sums) sum /= total;
  return sums;
}

std::int64_t drawn(std::span<const double> logits, std::span<const double> cumulative, double uniform) {
  const auto first =
      std::find_if(cumulative.begin(), cumulative.end(), [&](double c) { return c > uniform; });
  if (first != cumulative.end()) return first - cumulative.begin();
  for (std::size_t t = logits.size(); t-- > 0;)
    if (logits[t] > -HUGE_VAL) return static_cast<std::int64_t>(t);
  return 0;
}

int_list integers_of(const tensor& t) {
  int_list all;
  for (const double x : t.values()) all.push_back(static_cast<std::int64_t>(x));
  return all;
}

}  // namespace

std::int64_t first_largest(std::span<const double> logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

agreement agreement_of(std::span<const std::int64_t> block, std::span<const std::int64_t> posterior) {
  std::size_t n = 0;
  while (n + 1 < block.size() && block[n + 1] == posterior[n]) ++n;
  return {static_cast<std::int64_t>(n), posterior[n]};
}

accept_truth accept(const accept_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const std::vector<double> logits = inputs.at("logits").values();
  const int_list block = integers_of(inputs.at("block"));
  const auto width = static_cast<std::size_t>(p.vocab_size), rows = logits.size() / width;
  accept_truth truth;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto of_row = std::span(logits).subspan(row * width, width);
    if (p.greedy()) {
      truth.posterior.push_back(first_largest(of_row));
      continue;
    }
    const std::vector<double> sums = cumulative_of(of_row, p.temperature);
    truth.posterior.push_back(
        drawn(of_row, sums, inputs.at("uniforms").value(static_cast<std::int64_t>(row))));
    truth.cumulative.insert(truth.cumulative.end(), sums.begin(), sums.end());
  }
  const auto size = static_cast<std::size_t>(p.block_size);
  for (std::size_t at = 0; at < block.size(); at += size) {
    const agreement one =
        agreement_of(std::span(block).subspan(at, size), std::span(truth.posterior).subspan(at, size));
    truth.accepted.push_back(one.accepted);
    truth.next_token.push_back(one.next_token);
  }
  return truth;
}

tensor_set crop(const crop_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  tensor_set all = make_outputs(p, inputs);
  for (std::int64_t s = 0; s < p.b; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const std::int64_t kept = std::min(p.cache_seqlens[at], p.keep[at]);
    all.at("cache_seqlens").set_value(s, static_cast<double>(kept));
    if (!p.scrub) continue;
    for (const char* name : {"k_cache", "v_cache"})
      for (std::int64_t layer = 0; layer < p.layers; ++layer)
        for (std::int64_t row = kept; row < p.cache_seqlens[at]; ++row)
          for (std::int64_t h = 0; h < p.hk; ++h)
            for (std::int64_t e = 0; e < p.d; ++e) {
              const std::int64_t index[] = {layer, s, row, h, e};
              all.at(name).set_code(all.at(name).offset(index), 0);
            }
  }
  return all;
}

}  // namespace plumbline::dflash
