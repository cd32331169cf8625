// crop as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/crop_shapes.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/dflash/recorded.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::dflash {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

constexpr std::string_view groups_in_files[] = {"draft_crop"};

constexpr function_tables<crop_problem> tables = {
    .parts = {.op = "dflash",
              .name = "crop",
              .table = variants_of<crop_problem>,
              .takes = takes,
              .regimes = generate::dflash_crop_regimes,
              .laws = laws::dflash_crop_laws,
              .classes = generate::dflash_crop_classes,
              .smaller = generate::smaller,
              .parse = parse_crop,
              .options_of_problem = options_of_problem<crop_problem>,
              .memory_needed = memory_needed,
              .budgets = crop_budgets,
              .meanings = crop_meanings,
              .group = groups_in_files[0]},
    .draw_regime = generate::draw_dflash_crop_regime,
    .draw = generate::draw_dflash_crop,
    .inputs = generate::draw_inputs,
    .type_of = [](const crop_problem& p) { return p.type; },
    .judge = [](const crop_problem& p, const contract& promised, const tensor_set& inputs,
                const tensor_set& outputs) { return judge_outputs(p, promised, inputs, outputs); },
    .groups = groups_in_files,
    .judge_recorded = judge_recorded<crop_problem>,
    .read = read<crop_problem>};

}  // namespace

const function_tables<crop_problem>& crop_tables() { return tables; }

const operation& crop_operation() {
  static const table_operation<crop_problem> one(tables);
  return one;
}

}  // namespace plumbline::dflash
