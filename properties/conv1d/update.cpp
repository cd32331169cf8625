// update as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/in_double.hpp"
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/conv1d/recorded.hpp"
#include "properties/conv1d/update_shapes.hpp"
#include "properties/conv1d/upstream.hpp"

namespace plumbline::conv1d {

namespace {

bool takes(dtype in) { return in == dtype::f32 || in == dtype::f16 || in == dtype::bf16; }

constexpr std::string_view groups_in_files[] = {"conv1d_update"};

constexpr function_tables<update_problem> tables = {
    .parts = {.op = "conv1d",
              .name = "update",
              .table = variants_of<update_problem>,
              .takes = takes,
              .regimes = generate::conv1d_regimes,
              .laws = laws::conv1d_update_laws,
              .classes = generate::conv1d_update_classes,
              .smaller = generate::smaller,
              .parse = parse_update,
              .options_of_problem = options_of_problem<update_problem>,
              .memory_needed = memory_needed,
              .budgets = filter_budgets,
              .meanings = update_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_conv1d_regime,
    .draw = generate::draw_conv1d_update,
    .inputs = generate::draw_inputs,
    .type_of = [](const update_problem& p) { return p.type; },
    .judge = [](const update_problem& p, const contract&, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<update_problem>,
    .read = read<update_problem>};

}  // namespace

const operation& update_operation() {
  static const conv1d_function<update_problem> one(tables);
  return one;
}

}  // namespace plumbline::conv1d
