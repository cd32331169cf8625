// Do the functions of conv1d agree with the truth?  Tokens by the filter's bound, states byte for byte.
#pragma once

#include "properties/judge/verdict.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

verdict judge_outputs(const prefill_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const update_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const update_speculative_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const varlen_states_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const steps_problem&, const tensor_set& inputs, const tensor_set& outputs);

/// Sequence, token and channel of element `i` of x, as words.
std::string token_name(const prefill_problem&, std::int64_t i);
std::string token_name(const update_problem&, std::int64_t i);
std::string token_name(const update_speculative_problem&, std::int64_t i);

std::string token_name(const steps_problem&, std::int64_t i);

}  // namespace plumbline::conv1d
