// weight_dequant as an operation.
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

bool takes(dtype in) { return in == dtype::e4m3 || in == dtype::i8; }

verdict judge(const weight_dequant_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_weight_dequant(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"weight_dequant"};

constexpr function_tables<weight_dequant_problem> tables = {
    .parts = {.op = "quantize",
              .name = "weight_dequant",
              .table = variants_of<weight_dequant_problem>,
              .takes = takes,
              .regimes = generate::code_regimes,
              .laws = laws::weight_dequant_laws,
              .classes = generate::weight_dequant_classes,
              .smaller = generate::smaller,
              .parse = parse_weight_dequant,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = weight_dequant_budgets,
              .meanings = weight_dequant_meanings},
    .draw_regime = generate::draw_code_regime,
    .draw =
        [](const contract& promised, std::string_view regime, std::uint64_t seed, std::uint64_t index) {
          return generate::draw_weight_dequant(promised.in, regime, seed, index);
        },
    .inputs = generate::draw_inputs,
    .type_of = [](const weight_dequant_problem& p) { return input_of(p); },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_weight_dequant,
    .read = read_weight_dequant};

}  // namespace

const operation& weight_dequant_operation() {
  static const quantize_function<weight_dequant_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
