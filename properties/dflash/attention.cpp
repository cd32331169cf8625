// attention as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/attention_inputs.hpp"
#include "properties/dflash/attention_shapes.hpp"
#include "properties/dflash/in_double.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/dflash/recorded.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/dflash/upstream.hpp"
#include "properties/generate/regimes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::dflash {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"draft_attention"};

constexpr function_tables<attention_problem> tables = {
    .parts = {.op = "dflash",
              .name = "attention",
              .table = variants_of<attention_problem>,
              .takes = takes,
              .regimes = generate::regime_names,
              .laws = laws::dflash_attention_laws,
              .classes = generate::dflash_attention_classes,
              .smaller = generate::smaller,
              .parse = parse_attention,
              .options_of_problem = options_of_problem<attention_problem>,
              .memory_needed = memory_needed,
              .budgets = attention_budgets,
              .meanings = attention_meanings,
              .group = groups_in_files[0],
              .in_double = in_double,
              .stages = attention_stages},
    .draw_regime = generate::draw_dflash_attention_regime,
    .draw = generate::draw_dflash_attention,
    .inputs = generate::draw_inputs,
    .type_of = [](const attention_problem& p) { return p.type; },
    .judge = [](const attention_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<attention_problem>,
    .read = read<attention_problem>};

}  // namespace

const function_tables<attention_problem>& attention_tables() { return tables; }

const operation& attention_operation() {
  static const dflash_function<attention_problem> one(tables);
  return one;
}

}  // namespace plumbline::dflash
