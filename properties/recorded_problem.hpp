// Records whose options are the keys of a problem's text and whose tensors have the names of the call's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/recorded_outputs.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

/// How a problem is written: the keys of its text, and what reads it.
template <class Problem>
struct problem_form {
  std::span<const std::string_view> keys;
  Problem (*parse)(const keyed_text&);
};

/// Outputs of the right names, types, shapes and strides, whether they copy inputs or not.
template <class Problem>
tensor_set outputs_made(const Problem& p, const tensor_set& inputs) {
  if constexpr (requires { make_outputs(p, inputs); })
    return make_outputs(p, inputs);
  else
    return make_outputs(p);
}

/// The problem of a record and every input of it in the strides that the problem says.  Throws bad_argument
/// naming an option or a tensor that is unknown, missing or of another shape or type.
template <class Problem>
material<Problem> read_problem(const recorded_case& c, const problem_form<Problem>& form) {
  recorded_options options(c);
  const Problem p = form.parse(keyed_text(text_from_options(c, options, form.keys)));
  material<Problem> m{"", p, empty_inputs(p)};
  options.require_known(m.inputs, outputs_made(p, m.inputs));
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

}  // namespace plumbline
