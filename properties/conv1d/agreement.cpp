#include "properties/conv1d/agreement.hpp"

#include <algorithm>
#include <string>

#include "properties/conv1d/filter_judge.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "reference/conv1d.hpp"
#include "reference/conv1d_steps.hpp"

namespace plumbline::conv1d {

namespace {

std::string words(std::int64_t sequence, std::int64_t token, std::int64_t channel) {
  return "sequence " + std::to_string(sequence) + ", token " + std::to_string(token) + ", channel " +
         std::to_string(channel);
}

// Sequence and token of a packed one.
std::string packed_words(const int_list& lens, std::int64_t token, std::int64_t channel) {
  const int_list starts = starts_of(lens);
  std::size_t i = 0;
  while (i + 1 < lens.size() && starts[i + 1] <= token) ++i;
  return words(static_cast<std::int64_t>(i), token - starts[i], channel);
}

std::string element_words(const std::string& name, std::span<const std::int64_t> at) {
  if (name == "retrieve_parent_token")
    return "draft " + std::to_string(at[0]) + ", token " + std::to_string(at[1]);
  if (name == "intermediate_conv_window")
    return "line " + std::to_string(at[0]) + ", step " + std::to_string(at[1]) + ", channel " +
           std::to_string(at[2]) + ", column " + std::to_string(at[3]);
  return (name == "states" ? "sequence " : "slot ") + std::to_string(at[0]) + ", channel " +
         std::to_string(at[1]) + ", column " + std::to_string(at[2]);
}

verdict judge_exact(const tensor_set& exact, const tensor_set& outputs, verdict v) {
  for (const auto& [name, value] : exact)
    v = joined(std::move(v), judge_bytes(name, value, outputs.at(name), {},
                                         [&name = name](std::span<const std::int64_t> at) {
                                           return element_words(name, at);
                                         }));
  return v;
}

template <class Problem>
verdict judge_call(const Problem& p, const call_truth& truth, const tensor_set& outputs) {
  const auto name = [&p](std::int64_t i) { return token_name(p, i); };
  return judge_exact(truth.exact, outputs, judge_filtered(p, truth.filter, outputs.at("out").values(), name));
}

}  // namespace

std::string token_name(const prefill_problem& p, std::int64_t i) {
  const std::int64_t tokens = total_of(p.lens);
  return packed_words(p.lens, i % tokens, i / tokens);
}
std::string token_name(const update_problem& p, std::int64_t i) {
  return words(i / p.seqlen / p.dim, i % p.seqlen, i / p.seqlen % p.dim);
}
std::string token_name(const update_speculative_problem& p, std::int64_t i) {
  if (!p.query_lens.empty()) return packed_words(p.query_lens, i / p.dim, i % p.dim);
  return words(i / p.seqlen / p.dim, i % p.seqlen, i / p.seqlen % p.dim);
}

verdict judge_outputs(const prefill_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_call(p, prefill(p, inputs), outputs);
}
verdict judge_outputs(const update_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_call(p, update(p, inputs), outputs);
}
verdict judge_outputs(const update_speculative_problem& p, const tensor_set& inputs,
                      const tensor_set& outputs) {
  return judge_call(p, update_speculative(p, inputs), outputs);
}
verdict judge_outputs(const varlen_states_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  tensor_set exact;
  exact.set("states", varlen_states(p, inputs));
  return judge_exact(exact, outputs, {});
}

std::string token_name(const steps_problem& p, std::int64_t i) {
  const std::int64_t row = i / p.dim;
  for (const step_call& call : calls_of(p)) {
    std::int64_t first = call.first_token;
    for (const step_part& part : call.parts) {
      if (row >= first && row < first + part.tokens)
        return "step " + std::to_string(call.step) + ", slot " +
               std::to_string(part.slot + (call.wide ? p.narrow : 0)) + ", token " +
               std::to_string(row - first) + ", channel " + std::to_string(i % p.dim);
      first += part.tokens;
    }
  }
  return "row " + std::to_string(row);
}

verdict judge_outputs(const steps_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_call(p, steps(p, inputs), outputs);
}

}  // namespace plumbline::conv1d
