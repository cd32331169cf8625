// decode_indices as an operation.
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

constexpr std::string_view groups_in_files[] = {"decode_indices"};

constexpr function_tables<decode_indices_problem> tables = {
    .parts = {.op = "mla",
              .name = "decode_indices",
              .table = variants_of<decode_indices_problem>,
              .takes = takes,
              .regimes = generate::regime_names,
              .laws = laws::decode_indices_laws,
              .classes = generate::decode_indices_classes,
              .smaller = generate::smaller,
              .parse = parse_decode_indices,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = attention_budgets,
              .meanings = decode_indices_meanings,
              .in_double = in_double,
              .stages = attention_stages<decode_indices_problem>},
    .draw_regime = generate::draw_latent_regime,
    .draw = generate::draw_decode_indices,
    .inputs = generate::draw_inputs,
    .type_of = [](const decode_indices_problem& p) { return p.type; },
    .judge = judge_outputs<decode_indices_problem>,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_decode_indices,
    .read = read_decode_indices};

}  // namespace

const operation& decode_indices_operation() {
  static const mla_function<decode_indices_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
