// varlen_states as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/conv1d/recorded.hpp"
#include "properties/conv1d/update_shapes.hpp"
#include "properties/conv1d/upstream.hpp"

namespace plumbline::conv1d {

namespace {

bool takes(dtype in) { return in == dtype::f32 || in == dtype::f16 || in == dtype::bf16; }

constexpr std::string_view groups_in_files[] = {"conv1d_varlen_states"};

constexpr function_tables<varlen_states_problem> tables = {
    .parts = {.op = "conv1d",
              .name = "varlen_states",
              .table = variants_of<varlen_states_problem>,
              .takes = takes,
              .regimes = generate::conv1d_regimes,
              .laws = laws::conv1d_varlen_states_laws,
              .classes = generate::conv1d_varlen_states_classes,
              .smaller = generate::smaller,
              .parse = parse_varlen_states,
              .options_of_problem = options_of_problem<varlen_states_problem>,
              .memory_needed = memory_needed,
              .budgets = states_budgets,
              .meanings = varlen_states_meanings,
              .group = groups_in_files[0]},
    .draw_regime = generate::draw_conv1d_regime,
    .draw = generate::draw_conv1d_varlen_states,
    .inputs = generate::draw_inputs,
    .type_of = [](const varlen_states_problem& p) { return p.type; },
    .judge = [](const varlen_states_problem& p, const contract&, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<varlen_states_problem>,
    .read = read<varlen_states_problem>};

}  // namespace

const operation& varlen_states_operation() {
  static const conv1d_function<varlen_states_problem> one(tables);
  return one;
}

}  // namespace plumbline::conv1d
