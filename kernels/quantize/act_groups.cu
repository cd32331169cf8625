// groups, variant `act_groups`: activations by token, e4m3 codes, scales fp32 or powers of two.
#include "kernels/quantize/row_groups_kernel.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

std::string domain(const groups_problem& problem) {
  if (problem.rule.code != dtype::e4m3) return "writes e4m3 codes only";
  if (problem.group_rows != 1) return "takes groups of one row, not of " + std::to_string(problem.group_rows);
  return group_domain(problem);
}

void run(const groups_problem& problem, const kernel_arguments& args, launcher& on) {
  launch_row_groups<dtype::e4m3>("act_groups", problem, args, on);
}

}  // namespace

variant<groups_problem> act_groups() { return {"act_groups", group_contracts, every_run_alike, domain, run}; }

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
