// Cases in files of functions whose options are the keys of a problem's text and whose tensors have the names
// of the call's.
//
// Outputs are judged like a kernel's, and so is what somebody expected of them.  An output that is updated in
// place lies beside its input as `out_NAME`.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/case_operation.hpp"
#include "properties/external_case.hpp"
#include "properties/recorded_options.hpp"

namespace plumbline {

/// A problem's text as options.
std::map<std::string, std::string> options_from_text(std::string_view op, const std::string& problem_text);
/// The problem's text from those options of a case that are `keys`; they count as read.
std::string text_from_options(const recorded_case&, recorded_options&,
                              std::span<const std::string_view> keys);

/// The elements of `from` in the strides of `like`; throws bad_argument naming `name` when there is none or
/// shape or type differ.
tensor laid_out(const recorded_case&, const std::string& name, tensor like);

/// Whose outputs of a case: of the kernel that wrote it, or those that somebody expected.
enum class holder { kernel, expectation };

/// The outputs that a case holds, laid out as `made` has them; empty when it holds none of them.  A kernel's
/// is NAME, or `out_NAME` where NAME is an input's (and it may be elsewhere); an expected one is
/// `expected_NAME`.  Throws bad_argument naming the first that is missing when others are there.
tensor_set outputs_in(const recorded_case&, holder, const tensor_set& made, const tensor_set& inputs);

/// Judges what a case holds: its outputs and what it expects.
template <class Problem, class Judge>
external_judgement judge_held(const recorded_case& c, const material<Problem>& m, const tensor_set& made,
                              Judge judge) {
  std::vector<external_judgement> found;
  for (const holder whose : {holder::kernel, holder::expectation}) {
    const tensor_set outputs = outputs_in(c, whose, made, m.inputs);
    if (outputs.empty()) continue;
    external_judgement one = as_outputs(c, judge(m.problem, m.inputs, outputs));
    if (whose == holder::expectation) one.kind = "expected";
    found.push_back(one);
  }
  return worst(c, found);
}

}  // namespace plumbline
