// store as an operation.
#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/element_classes.hpp"
#include "properties/quantize/function.hpp"
#include "properties/quantize/operations.hpp"
#include "properties/quantize/recorded.hpp"
#include "properties/quantize/store_laws.hpp"
#include "properties/quantize/tables.hpp"

namespace plumbline::quantize {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32; }

verdict judge(const store_problem& p, const contract&, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_store(p, inputs, outputs);
}

constexpr std::string_view groups[] = {"store"};

constexpr function_tables<store_problem> tables = {
    .parts = {.op = "quantize",
              .name = "store",
              .table = variants_of<store_problem>,
              .takes = takes,
              .regimes = generate::element_regimes,
              .laws = laws::store_laws,
              .classes = generate::store_classes,
              .smaller = generate::smaller,
              .parse = parse_store,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = store_budgets,
              .meanings = store_meanings},
    .draw_regime = generate::draw_element_regime,
    .draw = [](const contract& promised, std::string_view regime, std::uint64_t seed,
               std::uint64_t index) { return generate::draw_store(promised.in, regime, seed, index); },
    .inputs = generate::draw_inputs,
    .type_of = [](const store_problem& p) { return input_of(p); },
    .judge = judge,
    .groups = groups,
    .judge_recorded = judge_recorded_store,
    .read = read_store};

}  // namespace

const function_tables<store_problem>& store_tables() { return tables; }

const operation& store_operation() {
  static const quantize_function<store_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
