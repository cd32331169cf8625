// Do the functions of dflash agree with the truth?
//
// project and attention are chains, and a chain is judged link by link (each step leaves its result as an
// output): products, norms, rotations, attention and the output's product each on what the step before left.
// Caches are compared byte for byte.  A posterior is the largest logit, or one of the admissible tokens; what
// is accepted of it follows from the posterior that the kernel itself wrote.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/taps.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {

verdict judge_outputs(const project_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);
verdict judge_outputs(const attention_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);
verdict judge_outputs(const accept_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);
verdict judge_outputs(const crop_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);
/// Every block attends to the list of rows that its slot then is; caches and lengths in the end byte for
/// byte.
verdict judge_outputs(const steps_problem&, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs);

/// One KV head of one part of `steps`: a unit of its attention, in the order of the reference's.
struct block_place {
  std::size_t step;
  std::int64_t slot, first_query, kv_head;
};
std::vector<block_place> places_of(const steps_problem&);
/// The row of `attended`, (query, head), where a row of that unit lies.
std::int64_t out_row(const steps_problem&, const block_place&, std::int64_t row);

/// Which stage of an attention leaves its budget.
std::vector<stage_verdict> attention_stages(const attention_problem&, const tensor_set& inputs,
                                            const contract&, const tap_record&, const tensor_set& outputs);

}  // namespace plumbline::dflash
