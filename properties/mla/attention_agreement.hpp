// Do the outputs of an attention of mla agree with the truth?
#pragma once

#include <span>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/taps.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

/// Truth and companions of one contract.
std::vector<attention_truth> attention_truth_of(const prefill_problem&, const tensor_set& inputs,
                                                const contract&);
std::vector<attention_truth> attention_truth_of(const decode_problem&, const tensor_set& inputs,
                                                const contract&);
std::vector<attention_truth> attention_truth_of(const decode_indices_problem&, const tensor_set& inputs,
                                                const contract&);
std::vector<attention_truth> attention_truth_of(const prefill_indices_problem&, const tensor_set& inputs,
                                                const contract&);

/// Judges `out` and `lse` (and `max_logits`) against a truth whose first companions are those of the
/// contract.
verdict judge_against(const prefill_problem&, std::span<const attention_truth>, const contract&,
                      const tensor_set& inputs, const tensor_set& outputs);
verdict judge_against(const decode_problem&, std::span<const attention_truth>, const contract&,
                      const tensor_set& inputs, const tensor_set& outputs);
verdict judge_against(const decode_indices_problem&, std::span<const attention_truth>, const contract&,
                      const tensor_set& inputs, const tensor_set& outputs);
verdict judge_against(const prefill_indices_problem&, std::span<const attention_truth>, const contract&,
                      const tensor_set& inputs, const tensor_set& outputs);

/// The same with its own truth, and on a pass whether the check could have failed.
template <class Problem>
verdict judge_outputs(const Problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);

/// Which stage of a call leaves its budget.
template <class Problem>
std::vector<stage_verdict> attention_stages(const Problem&, const tensor_set& inputs, const contract&,
                                            const tap_record&, const tensor_set& outputs);

}  // namespace plumbline::mla
