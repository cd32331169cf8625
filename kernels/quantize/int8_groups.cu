// groups, variant `int8_groups`: groups of one row, int8 codes, by the policy cut toward zero or rounded.
#include "kernels/quantize/row_groups_kernel.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

std::string domain(const groups_problem& problem) {
  if (problem.rule.code != dtype::i8) return "writes i8 codes only";
  if (problem.group_rows != 1) return "takes groups of one row, not of " + std::to_string(problem.group_rows);
  return group_domain(problem);
}

void run(const groups_problem& problem, const kernel_arguments& args, launcher& on) {
  launch_row_groups<dtype::i8>("int8_groups", problem, args, on);
}

}  // namespace

variant<groups_problem> int8_groups() {
  return {"int8_groups", int8_contracts, every_run_alike, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
