// scatter as an operation.
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

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32 || in == dtype::u8; }

verdict judge(const scatter_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_scatter(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"scatter"};

constexpr function_tables<scatter_problem> tables = {
    .parts = {.op = "quantize",
              .name = "scatter",
              .table = variants_of<scatter_problem>,
              .takes = takes,
              .regimes = generate::scatter_regimes,
              .laws = laws::scatter_laws,
              .classes = generate::scatter_classes,
              .smaller = generate::smaller,
              .parse = parse_scatter,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = scatter_budgets,
              .meanings = scatter_meanings},
    .draw_regime = generate::draw_scatter_regime,
    .draw = [](const contract& promised, std::string_view regime, std::uint64_t seed,
               std::uint64_t index) { return generate::draw_scatter(promised.in, regime, seed, index); },
    .inputs = generate::draw_inputs,
    .type_of = [](const scatter_problem& p) { return input_of(p); },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_scatter,
    .read = read_scatter};

}  // namespace

const operation& scatter_operation() {
  static const quantize_function<scatter_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
