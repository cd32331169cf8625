// rms_norm as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/row_agreement.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/mla/row_laws.hpp"
#include "properties/mla/row_shapes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

verdict judge(const rms_norm_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_outputs(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"rms_norm"};

constexpr function_tables<rms_norm_problem> tables = {
    .parts = {.op = "mla",
              .name = "rms_norm",
              .table = variants_of<rms_norm_problem>,
              .takes = takes,
              .regimes = generate::rms_norm_regimes,
              .laws = laws::rms_norm_laws,
              .classes = generate::rms_norm_classes,
              .smaller = generate::smaller,
              .parse = parse_rms_norm,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = rms_norm_budgets,
              .meanings = rms_norm_meanings,
              .in_double = in_double},
    .draw_regime = generate::draw_rms_norm_regime,
    .draw = generate::draw_rms_norm,
    .inputs = generate::draw_inputs,
    .type_of = [](const rms_norm_problem& p) { return p.type; },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_rms_norm,
    .read = read_rms_norm};

}  // namespace

const operation& rms_norm_operation() {
  static const table_operation<rms_norm_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
