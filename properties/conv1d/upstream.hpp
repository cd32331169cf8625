// Cases under the names of upstream's functions: causal_conv1d, causal_conv1d_varlen, causal_conv1d_update,
// causal_conv1d_update_speculative and causal_conv1d_varlen_states, in our terms.
//
// Each is one call of ours.  Theirs hold results in double, or in fp32 before they are rounded to the type:
// held against our truth, by what two evaluations in that precision may differ; states and windows byte for
// byte.  Weights of another type than x, which upstream's library takes, are refused by name: the case passes
// when they are.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "properties/upstream_operation.hpp"

namespace plumbline::conv1d {

std::span<const std::string_view> upstream_groups(std::string_view function);
bool is_upstream(const recorded_case&);
/// The call that it holds; none where it is refused.
std::vector<recorded_case> calls_of(const recorded_case&);
external_judgement judge_upstream(const recorded_case&, std::string_view contract_name);

inline constexpr upstream_terms upstream = {upstream_groups, is_upstream, calls_of, judge_upstream};

template <class Problem>
class conv1d_function final : public upstream_operation<Problem> {
 public:
  explicit conv1d_function(const function_tables<Problem>& tables)
      : upstream_operation<Problem>(tables, upstream) {}
};

}  // namespace plumbline::conv1d
