#include "properties/judge/attention/judge.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/attention/tests.hpp"

namespace plumbline {
namespace {

bool any_finite(std::span<const attention_truth> truth) {
  return std::any_of(truth.begin(), truth.end(), [](const attention_truth& t) {
    return std::any_of(t.out.begin(), t.out.end(), [](double r) { return std::isfinite(r); });
  });
}

/// True when zeros, with the log-sum-exp as computed, would have passed: the budget is wider than the data.
bool zeros_would_pass(std::span<const attention_truth> truth, std::size_t which, const contract& promised,
                      std::span<const attention_output> computed) {
  std::vector<attention_output> zeros(computed.begin(), computed.end());
  for (attention_output& one : zeros) std::fill(one.out.begin(), one.out.end(), 0.0);
  return judging::apply_attention_tests(truth, which, promised, zeros, {}).result != outcome::fail;
}

}  // namespace

verdict judge_attention(std::span<const attention_truth> truth, std::size_t which, const contract& promised,
                        std::span<const attention_output> computed, const row_name& name) {
  verdict v = judging::apply_attention_tests(truth, which, promised, computed, name);
  if (v.result == outcome::pass && !any_finite(truth))
    conclude(v, true, "no finite value to judge: the truth is nowhere a finite number");
  if (v.result == outcome::pass && zeros_would_pass(truth, which, promised, computed))
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline
