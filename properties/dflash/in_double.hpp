// What the reference says of dflash in double, with its own error; see properties/in_double.hpp.
//
// project and attention are chains, judged link by link on what the link before left: what follows from the
// inputs alone is their first products, and the rows that attention reads.  crop, accept and steps have none.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

/// truth_q_proj, truth_k_proj and truth_v, with their companions.
std::vector<double_result> in_double(const project_problem&, const tensor_set& inputs, const contract&);
/// truth_attended, truth_lse and the companions of attention.
std::vector<double_result> in_double(const attention_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::dflash
