// schedule as an operation.  Its regimes are ways to draw lengths.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/split_agreement.hpp"
#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"
#include "properties/mla/split_shapes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::i32; }

verdict judge(const schedule_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_outputs(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"flash_mla_schedule"};

constexpr function_tables<schedule_problem> tables = {
    .parts = {.op = "mla",
              .name = "schedule",
              .table = variants_of<schedule_problem>,
              .takes = takes,
              .regimes = generate::schedule_regimes,
              .laws = laws::schedule_laws,
              .classes = generate::schedule_classes,
              .smaller = generate::smaller,
              .parse = parse_schedule,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = schedule_budgets,
              .meanings = schedule_meanings,
              .group = "flash_mla_schedule"},
    .draw_regime = generate::draw_schedule_regime,
    .draw = generate::draw_schedule,
    .inputs = generate::draw_inputs,
    .type_of = [](const schedule_problem&) { return dtype::i32; },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_schedule,
    .read = read_schedule};

}  // namespace

const operation& schedule_operation() {
  static const table_operation<schedule_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
