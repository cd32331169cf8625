// groups as an operation.
#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/code_classes.hpp"
#include "properties/quantize/element_classes.hpp"
#include "properties/quantize/function.hpp"
#include "properties/quantize/groups_laws.hpp"
#include "properties/quantize/matrix_inputs.hpp"
#include "properties/quantize/matrix_shapes.hpp"
#include "properties/quantize/operations.hpp"
#include "properties/quantize/recorded.hpp"

namespace plumbline::quantize {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32; }

verdict judge(const groups_problem& p, const contract&, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_groups(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"groups"};

constexpr function_tables<groups_problem> tables = {
    .parts = {.op = "quantize",
              .name = "groups",
              .table = variants_of<groups_problem>,
              .takes = takes,
              .regimes = generate::element_regimes,
              .laws = laws::groups_laws,
              .classes = generate::groups_classes,
              .smaller = generate::smaller,
              .parse = parse_groups,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = groups_budgets,
              .meanings = groups_meanings},
    .draw_regime = generate::draw_element_regime,
    .draw = [](const contract& promised, std::string_view regime, std::uint64_t seed,
               std::uint64_t index) { return generate::draw_groups(promised, regime, seed, index); },
    .inputs = generate::draw_inputs,
    .type_of = [](const groups_problem& p) { return input_of(p); },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_groups,
    .read = read_groups};

}  // namespace

const operation& groups_operation() {
  static const quantize_function<groups_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
