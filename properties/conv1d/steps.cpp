// steps as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/in_double.hpp"
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/conv1d/recorded.hpp"
#include "properties/conv1d/steps_laws.hpp"
#include "properties/conv1d/steps_shapes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::conv1d {

namespace {

bool takes(dtype in) { return in == dtype::f32 || in == dtype::f16 || in == dtype::bf16; }

constexpr std::string_view groups_in_files[] = {"conv1d_steps"};

constexpr function_tables<steps_problem> tables = {
    .parts = {.op = "conv1d",
              .name = "steps",
              .table = variants_of<steps_problem>,
              .takes = takes,
              .regimes = generate::conv1d_regimes,
              .laws = laws::conv1d_steps_laws,
              .classes = generate::conv1d_steps_classes,
              .smaller = generate::smaller,
              .parse = parse_steps,
              .options_of_problem = options_of_problem<steps_problem>,
              .memory_needed = memory_needed,
              .budgets = filter_budgets,
              .meanings = steps_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_conv1d_regime,
    .draw = generate::draw_conv1d_steps,
    .inputs = generate::draw_inputs,
    .type_of = [](const steps_problem& p) { return p.type; },
    .judge = [](const steps_problem& p, const contract&, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<steps_problem>,
    .read = read<steps_problem>};

}  // namespace

const operation& steps_operation() {
  static const table_operation<steps_problem> one(tables);
  return one;
}

}  // namespace plumbline::conv1d
