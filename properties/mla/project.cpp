// project as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/product_agreement.hpp"
#include "properties/mla/product_inputs.hpp"
#include "properties/mla/product_laws.hpp"
#include "properties/mla/product_shapes.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"project"};

constexpr function_tables<project_problem> tables = {
    .parts = {.op = "mla",
              .name = "project",
              .table = variants_of<project_problem>,
              .takes = takes,
              .regimes = generate::project_regimes,
              .laws = laws::project_laws,
              .classes = generate::project_classes,
              .smaller = generate::smaller,
              .parse = parse_project,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = project_budgets,
              .meanings = project_meanings,
              .in_double = in_double},
    .draw_regime = generate::draw_project_regime,
    .draw = generate::draw_project,
    .inputs = generate::draw_inputs,
    .type_of = [](const project_problem& p) { return p.type; },
    .judge = [](const project_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_project,
    .read = read_project};

}  // namespace

const operation& project_operation() {
  static const table_operation<project_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
