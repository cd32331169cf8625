// accept as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/accept_inputs.hpp"
#include "properties/dflash/accept_shapes.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/in_double.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/dflash/recorded.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/dflash/upstream.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::dflash {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::f32; }

constexpr std::string_view groups_in_files[] = {"draft_accept"};

constexpr function_tables<accept_problem> tables = {
    .parts = {.op = "dflash",
              .name = "accept",
              .table = variants_of<accept_problem>,
              .takes = takes,
              .regimes = generate::dflash_accept_regimes,
              .laws = laws::dflash_accept_laws,
              .classes = generate::dflash_accept_classes,
              .smaller = generate::smaller,
              .parse = parse_accept,
              .options_of_problem = options_of_problem<accept_problem>,
              .memory_needed = memory_needed,
              .budgets = accept_budgets,
              .meanings = accept_meanings,
              .group = groups_in_files[0],
              .in_double = in_double},
    .draw_regime = generate::draw_dflash_accept_regime,
    .draw = generate::draw_dflash_accept,
    .inputs = generate::draw_inputs,
    .type_of = [](const accept_problem& p) { return p.type; },
    .judge = [](const accept_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<accept_problem>,
    .read = read<accept_problem>};

}  // namespace

const function_tables<accept_problem>& accept_tables() { return tables; }

const operation& accept_operation() {
  static const dflash_function<accept_problem> one(tables);
  return one;
}

}  // namespace plumbline::dflash
