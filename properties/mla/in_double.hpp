// What the reference says of mla in double, with its own error; see properties/in_double.hpp.
//
// forward is a chain of roundings, each judged on what the step before left; no step is judged by what the
// module as a whole should be, which its case holds none the less.
#pragma once

#include <vector>

#include "properties/in_double.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

/// truth_out, truth_lse and the companions of attention; prefill_indices also truth_max_logits.
std::vector<double_result> in_double(const prefill_problem&, const tensor_set& inputs, const contract&);
std::vector<double_result> in_double(const decode_problem&, const tensor_set& inputs, const contract&);
std::vector<double_result> in_double(const decode_indices_problem&, const tensor_set& inputs,
                                     const contract&);
std::vector<double_result> in_double(const prefill_indices_problem&, const tensor_set& inputs,
                                     const contract&);
/// truth_out, truth_lse, companion_S1.
std::vector<double_result> in_double(const combine_problem&, const tensor_set& inputs, const contract&);

/// truth_out.
std::vector<double_result> in_double(const rms_norm_problem&, const tensor_set& inputs, const contract&);
std::vector<double_result> in_double(const rotary_problem&, const tensor_set& inputs, const contract&);
/// truth_out, companion_S1_out, companion_SB_out.
std::vector<double_result> in_double(const project_problem&, const tensor_set& inputs, const contract&);
/// truth_out, truth_latent, truth_k_pe.
std::vector<double_result> in_double(const forward_problem&, const tensor_set& inputs, const contract&);

}  // namespace plumbline::mla
