// Cases of quantize in files: options are the keys of a problem's text, tensors have the names of the call's.
//
// `expected_NAME` holds somebody's output NAME and is judged like a kernel's, by the sets that the policy
// leaves: byte for byte where it is exact.  An output that is updated in place lies beside its input as
// `out_NAME`.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/case_operation.hpp"
#include "properties/external_case.hpp"
#include "properties/recorded_options.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

/// A problem's text as options.
std::map<std::string, std::string> options_from_text(const std::string& problem_text);
/// The problem's text from those options of a case that are `keys`; they count as read.
std::string text_from_options(const recorded_case&, recorded_options&,
                              std::span<const std::string_view> keys);

/// The elements of `from` in the strides of `like`; throws bad_argument naming `name` when there is none or
/// shape or type differ.
tensor laid_out(const recorded_case&, const std::string& name, tensor like);

/// The outputs that a case holds under these prefixes ("out_", "", "expected_"), laid out as `made` has them;
/// empty when it holds none of them.  An input's name without a prefix is the input.
tensor_set outputs_in(const recorded_case&, std::string_view prefix, const tensor_set& made,
                      const tensor_set& inputs);

/// Judges what a case holds: its outputs and what it expects.
template <class Problem, class Judge>
external_judgement judge_held(const recorded_case& c, const material<Problem>& m, const tensor_set& made,
                              Judge judge) {
  std::vector<external_judgement> found;
  for (const std::string_view prefix : {"out_", "", "expected_"}) {
    const tensor_set outputs = outputs_in(c, prefix, made, m.inputs);
    if (outputs.empty()) continue;
    external_judgement one = as_outputs(c, judge(m.problem, m.inputs, outputs));
    if (prefix == "expected_") one.kind = "expected";
    found.push_back(one);
  }
  return worst(c, found);
}

material<store_problem> read_store(const recorded_case&);
external_judgement judge_recorded_store(const recorded_case&, std::string_view contract_name);
material<dequantize_problem> read_dequantize(const recorded_case&);
external_judgement judge_recorded_dequantize(const recorded_case&, std::string_view contract_name);
material<groups_problem> read_groups(const recorded_case&);
external_judgement judge_recorded_groups(const recorded_case&, std::string_view contract_name);
material<weight_dequant_problem> read_weight_dequant(const recorded_case&);
external_judgement judge_recorded_weight_dequant(const recorded_case&, std::string_view contract_name);
material<block_gemm_problem> read_block_gemm(const recorded_case&);
external_judgement judge_recorded_block_gemm(const recorded_case&, std::string_view contract_name);
material<scatter_problem> read_scatter(const recorded_case&);
external_judgement judge_recorded_scatter(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::quantize
