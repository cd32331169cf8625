// prefill as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/generate/regimes.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/attention_inputs.hpp"
#include "properties/mla/attention_laws.hpp"
#include "properties/mla/attention_shapes.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"prefill"};

constexpr function_tables<prefill_problem> tables = {
    .parts = {.op = "mla",
              .name = "prefill",
              .table = variants_of<prefill_problem>,
              .takes = takes,
              .regimes = generate::regime_names,
              .laws = laws::prefill_laws,
              .classes = generate::prefill_classes,
              .smaller = generate::smaller,
              .parse = parse_prefill,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = attention_budgets,
              .meanings = prefill_meanings,
              .in_double = in_double,
              .stages = attention_stages<prefill_problem>},
    .draw_regime = generate::draw_latent_regime,
    .draw = generate::draw_prefill,
    .inputs = generate::draw_inputs,
    .type_of = [](const prefill_problem& p) { return p.type; },
    .judge = judge_outputs<prefill_problem>,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_prefill,
    .read = read_prefill};

}  // namespace

const operation& prefill_operation() {
  static const table_operation<prefill_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
