// conv1d: the truth of its functions.
//
// Everything is one line of mathematics, y[t] = bias + sum over taps of weight z, and bookkeeping about where
// z comes from and where its end goes.  Products of two elements are exact in double, states are copies of
// codes; so the truth errs by a few 2^-53 of the sum of sizes, and its states by nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/conv1d_problem.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::conv1d {

/// Results in the order of out's elements, and what a budget needs.
struct filter_truth {
  std::vector<double> out;             // activated, not rounded; 0 where not compared
  std::vector<double> y;               // before the activation
  std::vector<double> size;            // |bias| + sum of |weight z|
  std::vector<std::uint8_t> compared;  // 0: a token of padding, whose output is unspecified
};

/// What a call leaves.
struct call_truth {
  filter_truth filter;
  tensor_set exact;  // states and windows after the call, parents of a tree: byte for byte
};

call_truth prefill(const prefill_problem&, const tensor_set& inputs);
call_truth update(const update_problem&, const tensor_set& inputs);
call_truth update_speculative(const update_speculative_problem&, const tensor_set& inputs);
/// The states, as make_outputs lays them out.
tensor varlen_states(const varlen_states_problem&, const tensor_set& inputs);

/// The parent of each token of a draft, from its first children and next siblings; the root's is 0.
int_list parents_of(const int_list& next_token, const int_list& next_sibling);

}  // namespace plumbline::conv1d
