// forward as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/forward_agreement.hpp"
#include "properties/mla/forward_inputs.hpp"
#include "properties/mla/forward_laws.hpp"
#include "properties/mla/forward_shapes.hpp"
#include "properties/mla/function.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/tables.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"forward"};

constexpr function_tables<forward_problem> tables = {
    .parts = {.op = "mla",
              .name = "forward",
              .table = variants_of<forward_problem>,
              .takes = takes,
              .regimes = generate::forward_regimes,
              .laws = laws::forward_laws,
              .classes = generate::forward_classes,
              .smaller = generate::smaller,
              .parse = parse_forward,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = forward_budgets,
              .meanings = forward_meanings,
              .in_double = in_double},
    .draw_regime = generate::draw_forward_regime,
    .draw = generate::draw_forward,
    .inputs = generate::draw_inputs,
    .type_of = [](const forward_problem& p) { return p.type; },
    .judge = [](const forward_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_forward,
    .read = read_forward};

}  // namespace

const function_tables<forward_problem>& forward_tables() { return tables; }

const operation& forward_operation() {
  static const mla_function<forward_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
