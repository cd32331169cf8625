// Cases under the names of the projects that made them: FlashMLA's and vLLM's attentions, DeepSeek's module.
//
// Each becomes a call of one of our functions and is run like any other case.  What upstream computed in fp32
// is judged as the outputs of a function that computes in fp32; what it computed in double is somebody's
// truth, and may differ from ours by the rounding of its own sums.  A tensor that nothing takes is an error,
// so that nothing recorded is passed over in silence.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"
#include "properties/upstream_source.hpp"

namespace plumbline::mla {

/// Groups of upstream functions that hold calls of this function, or tables of it.
std::span<const std::string_view> upstream_groups(std::string_view function);
/// True when a case is in an upstream project's terms.
bool is_upstream(const recorded_case&);

/// The calls that it holds, in our terms: function, options and inputs.  Empty for tables and error
/// conditions.  Throws bad_argument on a case of another form.
std::vector<recorded_case> calls_of(const recorded_case&);

/// Judges all that the case holds.
external_judgement judge_upstream(const recorded_case&, std::string_view contract_name);

// FlashMLA's decodes and sparse prefill, and vLLM's sparse decode.
bool is_upstream_attention(std::string_view group);
recorded_case upstream_attention_call(upstream_source&);
external_judgement judge_upstream_attention(const recorded_case&);

// DeepSeek's tables of cos and sin, and the softmax scales of the same options.
external_judgement judge_upstream_angles(const recorded_case&);

// DeepSeek's module: a call of each form that the case holds a result of.
std::vector<recorded_case> upstream_module_calls(upstream_source&);
external_judgement judge_upstream_module(const recorded_case&);
/// What a mask says of a forward, (sq, start_pos + sq) of 0 and -inf: that a query sees no later key.  Throws
/// bad_argument naming `mask` when it is another.
bool is_causal(const tensor& mask, std::int64_t sq, std::int64_t start_pos);

}  // namespace plumbline::mla
