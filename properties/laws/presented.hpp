// Laws of presentation: the same call with rows in another order, or other unused memory, gives the same
// bits.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "properties/generate/presentation.hpp"
#include "properties/laws/subject.hpp"

namespace plumbline::laws {

/// Rows (axis 0) of these inputs in another order: the rows of every output follow, or, where outputs hold
/// rows by another key, stay (`follow` false).
template <class Problem>
std::string broken_row_order(const subject<Problem>& s, std::int64_t rows,
                             std::initializer_list<const char*> moved, bool follow) {
  random_stream choice(s.seed, "row order");
  const std::vector<std::int64_t> order = generate::another_order(rows, choice);
  tensor_set inputs = s.inputs, expected = s.outputs;
  for (const char* name : moved) inputs.set(name, generate::reordered(s.inputs.at(name), order));
  if (follow)
    for (auto& [name, value] : expected) value = generate::reordered(s.outputs.at(name), order);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "the rows in another order");
  return difference(expected, other.outputs, "the rows in another order");
}

/// The inputs of the problem in the strides of a related one (other gaps), finite bytes where nobody may
/// look.
template <class Problem>
std::string broken_unused(const subject<Problem>& s, Problem related) {
  if (!s.outside(related).empty()) related = s.problem;
  tensor_set inputs = empty_inputs(related);
  for (auto& [name, value] : inputs)
    value = generate::relaid(s.inputs.at(name), std::move(value), std::byte{0x7b});
  const attempt other = s.run(related, inputs);
  if (other.why_not) return describe(*other.why_not, "other bytes in unused memory");
  return difference(s.outputs, other.outputs, "other bytes in unused memory");
}

}  // namespace plumbline::laws
