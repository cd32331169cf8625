#include "properties/judge/attention_judge.hpp"

#include <algorithm>

#include "properties/judge/attention_tests.hpp"

namespace plumbline {
namespace {

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
  if (v.result == outcome::pass && zeros_would_pass(truth, which, promised, computed))
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline
