// dequantize as an operation.
#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/dequantize_laws.hpp"
#include "properties/quantize/function.hpp"
#include "properties/quantize/operations.hpp"
#include "properties/quantize/recorded.hpp"

namespace plumbline::quantize {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32; }

verdict judge(const dequantize_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_dequantize(p, inputs, outputs);
}

constexpr std::string_view groups[] = {"dequantize"};

constexpr function_tables<dequantize_problem> tables = {
    .parts = {.op = "quantize",
              .name = "dequantize",
              .table = variants_of<dequantize_problem>,
              .takes = takes,
              .regimes = generate::code_regimes,
              .laws = laws::dequantize_laws,
              .classes = generate::dequantize_classes,
              .smaller = generate::smaller,
              .parse = parse_dequantize,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = dequantize_budgets,
              .meanings = dequantize_meanings},
    .draw_regime = generate::draw_code_regime,
    .draw = [](const contract& promised, std::string_view regime, std::uint64_t seed,
               std::uint64_t index) { return generate::draw_dequantize(promised.in, regime, seed, index); },
    .inputs = generate::draw_inputs,
    .type_of = [](const dequantize_problem& p) { return input_of(p); },
    .judge = judge,
    .groups = groups,
    .judge_recorded = judge_recorded_dequantize,
    .read = read_dequantize};

}  // namespace

const operation& dequantize_operation() {
  static const quantize_function<dequantize_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
