// project as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/in_double.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/dflash/project_inputs.hpp"
#include "properties/dflash/project_shapes.hpp"
#include "properties/dflash/recorded.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/dflash/upstream.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::dflash {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"draft_project"};

constexpr function_tables<project_problem> tables = {
    .parts = {.op = "dflash",
              .name = "project",
              .table = variants_of<project_problem>,
              .takes = takes,
              .regimes = generate::dflash_project_regimes,
              .laws = laws::dflash_project_laws,
              .classes = generate::dflash_project_classes,
              .smaller = generate::smaller,
              .parse = parse_project,
              .options_of_problem = options_of_problem<project_problem>,
              .memory_needed = memory_needed,
              .budgets = project_budgets,
              .meanings = project_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_dflash_project_regime,
    .draw = generate::draw_dflash_project,
    .inputs = generate::draw_inputs,
    .type_of = [](const project_problem& p) { return p.type; },
    .judge = [](const project_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<project_problem>,
    .read = read<project_problem>};

}  // namespace

const function_tables<project_problem>& project_tables() { return tables; }

const operation& project_operation() {
  static const dflash_function<project_problem> one(tables);
  return one;
}

}  // namespace plumbline::dflash
