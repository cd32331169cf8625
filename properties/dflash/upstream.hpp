// Cases under the names of the functions that made them: DFlash's draft attention, draft model, sampling,
// generation loop and choice of layers, and sglang's acceptance.
//
// What calls a function of ours is run by it; all that a case holds is judged by our reference.  Whole
// numbers are compared exactly.  What upstream computed in double may differ from ours by the rounding of
// both chains (chain_error.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/dflash/chain_error.hpp"
#include "properties/external_case.hpp"
#include "properties/upstream_operation.hpp"
#include "properties/upstream_source.hpp"
#include "reference/dflash_generate.hpp"

namespace plumbline::dflash {

std::span<const std::string_view> upstream_groups(std::string_view function);
bool is_upstream(const recorded_case&);
/// The calls that it holds, in our terms; none of tables and models.
std::vector<recorded_case> calls_of(const recorded_case&);
external_judgement judge_upstream(const recorded_case&, std::string_view contract_name);

// Acceptance, sampling, the loop.
std::vector<recorded_case> upstream_choice_calls(upstream_source&);
external_judgement judge_upstream_choice(const recorded_case&, upstream_source&);

// A target and a draft with their weights (upstream_pair.cpp).
bool holds_models(const upstream_source&);
external_judgement judge_upstream_pair(const recorded_case&, upstream_source&, const generation&);

// The draft layer's attention and the draft model.
std::vector<recorded_case> upstream_layer_calls(upstream_source&);
external_judgement judge_upstream_layer(const recorded_case&, upstream_source&);
external_judgement judge_upstream_model(const recorded_case&, upstream_source&);

/// Looks at every element, and says when the budget is wider than the data.
external_judgement held_in_double(const recorded_case&, const tensor& theirs, const chain_result&);

inline constexpr upstream_terms upstream = {upstream_groups, is_upstream, calls_of, judge_upstream};

template <class Problem>
class dflash_function final : public upstream_operation<Problem> {
 public:
  explicit dflash_function(const function_tables<Problem>& tables)
      : upstream_operation<Problem>(tables, upstream) {}
};

}  // namespace plumbline::dflash
