// Tokens of an update, dense or packed: where they lie, and calls made of some of its sequences.
#pragma once

#include <string>
#include <vector>

#include "properties/conv1d/laws.hpp"
#include "properties/laws/presented.hpp"

namespace plumbline::laws {

/// Element of token t of sequence n in x and out; and how many tokens there are.
inline std::int64_t element_of(const conv1d::update_problem&, const tensor& x, std::int64_t n, std::int64_t c,
                               std::int64_t t) {
  return n * x.strides()[0] + c * x.strides()[1] + t * x.strides()[2];
}
inline std::int64_t tokens_of(const conv1d::update_problem& p, std::int64_t) { return p.seqlen; }
std::int64_t element_of(const conv1d::update_speculative_problem&, const tensor& x, std::int64_t n,
                        std::int64_t c, std::int64_t t);
inline std::int64_t tokens_of(const conv1d::update_speculative_problem& p, std::int64_t n) {
  return p.query_lens.empty() ? p.seqlen : p.query_lens[static_cast<std::size_t>(n)];
}

template <class Problem>
bool is_padded(const Problem& p, std::int64_t n) {
  return conv1d::is_padding(p.conv_state_indices, p, n);
}

/// An update of narrow states, one a row, each row a window and one token that follows it.
struct single_updates {
  conv1d::update_problem problem;
  tensor_set inputs;
};
/// For `rows` rows of the call's filter; states and tokens are zero.
single_updates single_updates_of(const conv1d::filter_shape&, const tensor_set& inputs, std::int64_t rows);

/// Runs them with the update kernel of the executor.
attempt run_updates(const single_updates&, executor& where, const run_options& options);

/// The sequences of a call in another order, one that names its slots; lists are the members that hold one
/// value a sequence.
template <class Problem>
Problem in_order(const Problem& from, const std::vector<std::int64_t>& order,
                 std::initializer_list<conv1d::int_list Problem::*> lists) {
  Problem p = from;
  if (p.conv_state_indices.empty()) {
    p.pad_slot_id = -1;
    for (std::int64_t n = 0; n < p.batch; ++n) p.conv_state_indices.push_back(n);
  }
  const Problem named = p;
  for (const auto list : lists)
    for (std::size_t k = 0; k < (named.*list).size(); ++k)
      (p.*list)[k] = (named.*list)[static_cast<std::size_t>(order[k])];
  return p;
}

/// Outputs with zeros where they are unspecified.
template <class Problem>
tensor_set specified_of(const Problem& p, const tensor_set& outputs) {
  tensor_set all = outputs;
  tensor& out = all.at("out");
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t t = 0; is_padded(p, n) && t < tokens_of(p, n); ++t)
      for (std::int64_t c = 0; c < p.dim; ++c) out.set_code(element_of(p, out, n, c, t), 0);
  return all;
}

// Laws that both updates have.

template <class Problem>
std::string concerns_padding(const subject<Problem>& s) {
  for (std::int64_t n = 0; n < s.problem.batch; ++n)
    if (is_padded(s.problem, n)) return "";
  return "no sequence is padding";
}
template <class Problem>
std::string broken_padding(const subject<Problem>& s) {
  random_stream choice(s.seed, "padding");
  const Problem& p = s.problem;
  tensor_set inputs = s.inputs;
  tensor& x = inputs.at("x");
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t t = 0; is_padded(p, n) && t < tokens_of(p, n); ++t)
      for (std::int64_t c = 0; c < p.dim; ++c) x.set_value(element_of(p, x, n, c, t), choice.normal());
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other padding");
  return difference(specified_of(p, s.outputs), specified_of(p, other.outputs), "other padding");
}

template <class Problem>
std::string broken_unused_memory(const subject<Problem>& s) {
  random_stream choice(s.seed, "unused memory");
  Problem p = s.problem;
  p.gap += choice.integer(0, 9);
  if (p.slot_gap < 100) p.slot_gap += choice.integer(0, 9);
  return broken_unused(s, p);
}

/// Empty, or where a token differs: (n, t) of the first call's out, (m, s) of the second's.
template <class First, class Second>
std::string update_difference(const First& p, const tensor& first, std::int64_t n, std::int64_t t,
                              const Second& q, const tensor& second, std::int64_t m, std::int64_t s,
                              std::string_view what) {
  for (std::int64_t c = 0; c < p.dim; ++c) {
    const std::int64_t one = element_of(p, first, n, c, t), other = element_of(q, second, m, c, s);
    if (first.code(one) != second.code(other))
      return std::string(what) + " gives other bits: sequence " + std::to_string(n) + ", token " +
             std::to_string(t) + ", channel " + std::to_string(c) + " is " + shown(second.value(other)) +
             ", not " + shown(first.value(one));
  }
  return "";
}

/// Codes of the columns [first, first + count) of one channel of a state.
std::vector<std::uint64_t> state_codes(const tensor& state, std::int64_t slot, std::int64_t channel,
                                       std::int64_t first, std::int64_t count);

}  // namespace plumbline::laws
