// Does an attend output agree with the truth?  Everything that turns tensors into a verdict.
#pragma once

#include <span>
#include <vector>

#include "properties/judge/attention/judge.hpp"
#include "properties/judge/verdict.hpp"
#include "reference/attention.hpp"
#include "reference/core/taps.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

/// Judges outputs against a truth whose first companions are those of `promised`.
verdict judge_attend(const flash_decode::attend_problem&, std::span<const attention_truth> truth,
                     const contract& promised, const tensor_set& outputs);

/// Truth and companions of one contract.
std::vector<attention_truth> attend_truth(const flash_decode::attend_problem&, const tensor_set& inputs,
                                          const contract& promised);

/// Which stage of a call leaves its budget.
std::vector<stage_verdict> attend_stages(const flash_decode::attend_problem&, const tensor_set& inputs,
                                         const contract& promised, const tap_record&,
                                         const tensor_set& outputs);

/// "sequence 2, query 1, head 5".
row_name attend_row_name(const flash_decode::attend_problem&);

}  // namespace plumbline::laws
