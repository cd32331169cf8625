// What the reference says of dflash in double, with its own error; see properties/in_double.hpp.
//
// project and attention are chains, judged link by link on what the link before left: their first products
// and the attention follow from the inputs, and so do the ends of the chains, which no step is judged by.
// crop gives bytes.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {

/// truth_q_proj, truth_k_proj and truth_v with their companions; truth_q and truth_k, the ends of the chain.
std::vector<double_result> in_double(const project_problem&, const tensor_set& inputs, const contract&);
/// truth_attended, truth_lse and the companions of attention; truth_out, the end of the chain.
std::vector<double_result> in_double(const attention_problem&, const tensor_set& inputs, const contract&);
/// truth_attended and the companions of attention.
std::vector<double_result> in_double(const steps_problem&, const tensor_set& inputs, const contract&);
/// companion_below, companion_through (b, block_size), where tokens are drawn: the distribution function in
/// front of the token that the reference draws and behind it, between which its uniform number lies.
std::vector<double_result> in_double(const accept_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::dflash
