// rotary as an operation.
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

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32; }

verdict judge(const rotary_problem& p, const contract&, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_outputs(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"rotary_embedding"};

constexpr function_tables<rotary_problem> tables = {.parts = {.op = "mla",
                                                              .name = "rotary",
                                                              .table = variants_of<rotary_problem>,
                                                              .takes = takes,
                                                              .regimes = generate::rotary_regimes,
                                                              .laws = laws::rotary_laws,
                                                              .classes = generate::rotary_classes,
                                                              .smaller = generate::smaller,
                                                              .parse = parse_rotary,
                                                              .options_of_problem = options_of_problem,
                                                              .memory_needed = memory_needed,
                                                              .budgets = rotary_budgets,
                                                              .meanings = rotary_meanings,
                                                              .group = "rotary_embedding",
                                                              .in_double = in_double},
                                                    .draw_regime = generate::draw_rotary_regime,
                                                    .draw = generate::draw_rotary,
                                                    .inputs = generate::draw_inputs,
                                                    .type_of = [](const rotary_problem& p) { return p.type; },
                                                    .judge = judge,
                                                    .groups = groups_in_files,
                                                    .judge_recorded = judge_recorded_rotary,
                                                    .read = read_rotary};

}  // namespace

const operation& rotary_operation() {
  static const table_operation<rotary_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
