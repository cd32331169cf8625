// Cases under the names of the projects that made them: what a recording of their own functions holds, in our
// terms.
//
// A recorded group of an upstream function ("quantize_k_cache", "per_token_group_quant_fp8", ...) holds one
// input and what several writers or readers made of it.  Each becomes a call of one of our functions, with
// the row of the policy table that is that writer; from there on it is judged, and run, like any other case.
// A tensor that no call takes is an error, so that nothing recorded is passed over in silence.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"
#include "properties/upstream_source.hpp"

namespace plumbline::quantize {

/// Groups of upstream functions that hold calls of this function; sorted by nothing.
std::span<const std::string_view> upstream_groups(std::string_view function);
/// True when a case is in an upstream project's terms; `weight_dequant` is a name of ours too.
bool is_upstream(const recorded_case&);

/// The calls that it holds, each in our terms: `function`, options, inputs, `expected_*` or outputs.  Empty
/// for tables and error conditions.  Throws bad_argument on a case of another form.
std::vector<recorded_case> calls_of(const recorded_case&);
std::vector<recorded_case> upstream_cache_calls(upstream_source&);
std::vector<recorded_case> upstream_matrix_calls(upstream_source&);

/// Judges all calls, tables and error conditions of the case.
external_judgement judge_upstream(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::quantize
