// Do rms_norm, rotary and write_cache agree with the truth?
#pragma once

#include "properties/judge/verdict.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

verdict judge_outputs(const rms_norm_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const rotary_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_outputs(const write_cache_problem&, const tensor_set& inputs, const tensor_set& outputs);

}  // namespace plumbline::mla
