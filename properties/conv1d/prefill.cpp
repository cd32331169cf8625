// prefill as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/in_double.hpp"
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/conv1d/prefill_shapes.hpp"
#include "properties/conv1d/recorded.hpp"
#include "properties/conv1d/tables.hpp"
#include "properties/conv1d/upstream.hpp"

namespace plumbline::conv1d {

namespace {

bool takes(dtype in) { return in == dtype::f32 || in == dtype::f16 || in == dtype::bf16; }

constexpr std::string_view groups_in_files[] = {"conv1d_prefill"};

constexpr function_tables<prefill_problem> tables = {
    .parts = {.op = "conv1d",
              .name = "prefill",
              .table = variants_of<prefill_problem>,
              .takes = takes,
              .regimes = generate::conv1d_regimes,
              .laws = laws::conv1d_prefill_laws,
              .classes = generate::conv1d_prefill_classes,
              .smaller = generate::smaller,
              .parse = parse_prefill,
              .options_of_problem = options_of_problem<prefill_problem>,
              .memory_needed = memory_needed,
              .budgets = filter_budgets,
              .meanings = prefill_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_conv1d_regime,
    .draw = generate::draw_conv1d_prefill,
    .inputs = generate::draw_inputs,
    .type_of = [](const prefill_problem& p) { return p.type; },
    .judge = [](const prefill_problem& p, const contract&, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<prefill_problem>,
    .read = read<prefill_problem>};

}  // namespace

const function_tables<prefill_problem>& prefill_tables() { return tables; }

const operation& prefill_operation() {
  static const conv1d_function<prefill_problem> one(tables);
  return one;
}

}  // namespace plumbline::conv1d
