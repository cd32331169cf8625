// Tokens and states moved between calls: what laws about sequences are made of.
#pragma once

#include <string>
#include <vector>

#include "properties/conv1d/laws.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::laws {

/// Tokens [from, from + count) of a sequence of some prefill.
struct token_run {
  std::size_t sequence;
  std::int64_t from, count;
};

struct prefill_call {
  conv1d::prefill_problem problem;
  tensor_set inputs;
};

/// The call on these runs, one a sequence, with the sequences' slots and flags; slots are named by a list
/// whenever there are states.
prefill_call call_on(const conv1d::prefill_problem&, const tensor_set& inputs,
                     const std::vector<token_run>& runs);

/// Copies the elements of one tensor to another of the same shape.
void copy_elements(const tensor& from, tensor& to);

/// Empty, or where token `b` of `second` (dim, tokens) differs from token `a` of `first`.
std::string token_difference(const tensor& first, std::int64_t a, const tensor& second, std::int64_t b,
                             std::string_view what);

/// Every sequence of a prefill that is computed: not padding.
std::vector<std::size_t> computed_sequences(const conv1d::prefill_problem&);

}  // namespace plumbline::laws
