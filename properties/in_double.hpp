// What the reference says in double, as a file of cases keeps it: `truth_NAME` of an output, `companion_NAME`
// of what a budget is made of.
//
// A truth that is stored is not the truth for ever: the reference may change, or the machine.  So each number
// comes with its own error, the most by which two evaluations in double of the same mathematics may differ,
// and what is stored is held to that.  Outputs that the reference says to the byte have no truth beside them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"

namespace plumbline {

/// f64, dense; `slack` by element: how far another evaluation in double may lie.
struct double_result {
  std::string name;
  tensor value;
  std::vector<double> slack;
};

/// Of values and slack in row-major order.
double_result double_of(std::string name, std::span<const std::int64_t> shape, std::span<const double> values,
                        std::vector<double> slack);

/// "truth_out", "companion_S1".
bool is_in_double(std::string_view tensor_name);
bool holds_doubles(const recorded_case&);

/// How one stored tensor agrees with ours; the message has the worst element, also of a pass.
external_judgement held_in_double(const recorded_case&, const tensor& stored, const double_result& ours);
/// All that the case holds in double against the reference of the function, kind "in double".  Fails on a
/// tensor that the function has no double for, by name.
external_judgement judge_doubles(const operation&, const recorded_case&);
/// Everything that a case holds: outputs, what somebody expected, and what it holds in double.
external_judgement judge_all(const operation&, const recorded_case&, std::string_view contract_name);

}  // namespace plumbline
