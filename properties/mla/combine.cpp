// combine as an operation.  Its inputs are always f32; the output type belongs to the problem.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/split_agreement.hpp"
#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"
#include "properties/mla/split_shapes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::f32; }

verdict judge(const combine_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_outputs(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"mla_combine"};

constexpr function_tables<combine_problem> tables = {
    .parts = {.op = "mla",
              .name = "combine",
              .table = variants_of<combine_problem>,
              .takes = takes,
              .regimes = generate::mla_combine_regimes,
              .laws = laws::mla_combine_laws,
              .classes = generate::mla_combine_classes,
              .smaller = generate::smaller,
              .parse = parse_combine,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = combine_budgets,
              .meanings = combine_meanings,
              .group = "mla_combine",
              .in_double = in_double},
    .draw_regime = generate::draw_mla_combine_regime,
    .draw = generate::draw_mla_combine,
    .inputs = generate::draw_inputs,
    .type_of = [](const combine_problem&) { return dtype::f32; },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_combine,
    .read = read_combine};

}  // namespace

const operation& combine_operation() {
  static const table_operation<combine_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
