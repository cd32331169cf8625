#include "kernels/quantize/groups.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

group_params group_params_of(const groups_problem& problem, const kernel_arguments& args) {
  const tensor_view scales = args.out("scales"), fixed = args.in("static_scale");
  group_params p = {};
  p.x = rows_of(args.in("x"));
  p.codes = static_cast<unsigned char*>(args.out("codes").data);
  p.scales = scales.data;
  p.scale_row = scales.stride[0], p.scale_column = scales.stride[1];
  p.static_scale = fixed ? fixed.as<float>() : nullptr;
  p.rule = writer_of(problem.rule, problem.type, problem.scale_ub);
  p.packed = problem.layout == scale_layout::packed;
  p.rows = problem.rows, p.k = problem.k;
  p.group_rows = problem.group_rows, p.group = problem.group;
  p.row_groups = row_groups(problem), p.column_groups = column_groups(problem);
  return p;
}

std::string group_domain(const groups_problem& problem) {
  for (const contract& c : group_contracts)
    if (c.in == problem.type) return "";
  return "does not take " + std::string(name_of(problem.type));
}

namespace {
const variant<groups_problem> group_table[] = {act_groups(), weight_blocks(), int8_groups()};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::groups_problem>>
plumbline::table_of<plumbline::quantize::groups_problem, plumbline::this_side>() {
  return quantize::group_table;
}
