// prefill_indices as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/generate/regimes.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/attention_inputs.hpp"
#include "properties/mla/attention_laws.hpp"
#include "properties/mla/attention_shapes.hpp"
#include "properties/mla/function.hpp"
#include "properties/mla/in_double.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"prefill_indices"};

constexpr function_tables<prefill_indices_problem> tables = {
    .parts = {.op = "mla",
              .name = "prefill_indices",
              .table = variants_of<prefill_indices_problem>,
              .takes = takes,
              .regimes = generate::regime_names,
              .laws = laws::prefill_indices_laws,
              .classes = generate::prefill_indices_classes,
              .smaller = generate::smaller,
              .parse = parse_prefill_indices,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = attention_budgets,
              .meanings = prefill_indices_meanings,
              .in_double = in_double,
              .stages = attention_stages<prefill_indices_problem>},
    .draw_regime = generate::draw_latent_regime,
    .draw = generate::draw_prefill_indices,
    .inputs = generate::draw_inputs,
    .type_of = [](const prefill_indices_problem& p) { return p.type; },
    .judge = judge_outputs<prefill_indices_problem>,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_prefill_indices,
    .read = read_prefill_indices};

}  // namespace

const operation& prefill_indices_operation() {
  static const mla_function<prefill_indices_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
