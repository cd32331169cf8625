#include "kernels/flash_decode/attend.hpp"

#include "kernels/core/table.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

std::string attend_domain(const attend_problem& problem, std::span<const contract> contracts) {
  if (problem.has_qv) return "qv is not supported";
  if (problem.has_sink) return "a learnable sink is not supported";
  for (const contract& c : contracts)
    if (c.in == problem.type)
      return c.out_type == problem.out_type ? "" : "writes " + std::string(name_of(c.out_type)) + " only";
  return "does not take " + std::string(name_of(problem.type));
}

variant<attend_problem> scalar();
variant<attend_problem> split();
variant<attend_problem> split_fp8();

// Not a function's static: its guard would be an atomic, which the checked executor has not.
namespace {
const variant<attend_problem> rows[] = {scalar(), split(), split_fp8()};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode

template <>
std::span<const plumbline::variant<plumbline::flash_decode::attend_problem>>
plumbline::table_of<plumbline::flash_decode::attend_problem, plumbline::this_side>() {
  return flash_decode::rows;
}
