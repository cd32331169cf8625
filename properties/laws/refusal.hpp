// A table of damaged calls: each must be refused, and the refusal must name the argument that was damaged.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::laws {

template <class Problem>
struct refused_call {
  Problem problem;
  tensor_set inputs;
};

template <class Problem>
struct refusal {
  std::string_view argument;  // that the refusal must name
  void (*damage)(refused_call<Problem>&);
};

/// `check(problem, inputs)` is found beside the problem.  Empty, or which row of the table was accepted or
/// refused by another name.  `good` must be accepted.
template <class Problem>
std::string first_accepted(const refused_call<Problem>& good, std::span<const refusal<Problem>> rows) {
  try {
    check(good.problem, good.inputs);
  } catch (const bad_argument& why) {
    return std::string("a good call was refused: ") + why.what();
  }
  std::size_t at = 0;
  for (const refusal<Problem>& row : rows) {
    refused_call<Problem> bad = good;
    row.damage(bad);
    const std::string which = "bad argument " + std::to_string(at++) + " (" + std::string(row.argument) + ")";
    try {
      check(bad.problem, bad.inputs);
    } catch (const bad_argument& why) {
      if (why.argument() == row.argument) continue;
      return which + " was refused by another name: " + why.what();
    }
    return which + " was accepted";
  }
  return "";
}

}  // namespace plumbline::laws
