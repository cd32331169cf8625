// steps as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/in_double.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/dflash/recorded.hpp"
#include "properties/dflash/steps_laws.hpp"
#include "properties/dflash/steps_shapes.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::dflash {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"draft_steps"};

constexpr function_tables<steps_problem> tables = {
    .parts = {.op = "dflash",
              .name = "steps",
              .table = variants_of<steps_problem>,
              .takes = takes,
              .regimes = generate::dflash_steps_regimes,
              .laws = laws::dflash_steps_laws,
              .classes = generate::dflash_steps_classes,
              .smaller = generate::smaller,
              .parse = parse_steps,
              .options_of_problem = options_of_problem<steps_problem>,
              .memory_needed = memory_needed,
              .budgets = steps_budgets,
              .meanings = steps_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_dflash_steps_regime,
    .draw = generate::draw_dflash_steps,
    .inputs = generate::draw_inputs,
    .type_of = [](const steps_problem& p) { return p.type; },
    .judge = [](const steps_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<steps_problem>,
    .read = read<steps_problem>};

}  // namespace

const function_tables<steps_problem>& steps_tables() { return tables; }

const operation& steps_operation() {
  static const table_operation<steps_problem> one(tables);
  return one;
}

}  // namespace plumbline::dflash
