// write_cache as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/row_agreement.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/mla/row_laws.hpp"
#include "properties/mla/row_shapes.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::mla {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16; }

verdict judge(const write_cache_problem& p, const contract&, const tensor_set& inputs,
              const tensor_set& outputs) {
  return judge_outputs(p, inputs, outputs);
}

constexpr std::string_view groups_in_files[] = {"write_cache"};

constexpr function_tables<write_cache_problem> tables = {
    .parts = {.op = "mla",
              .name = "write_cache",
              .table = variants_of<write_cache_problem>,
              .takes = takes,
              .regimes = generate::write_cache_regimes,
              .laws = laws::write_cache_laws,
              .classes = generate::write_cache_classes,
              .smaller = generate::smaller,
              .parse = parse_write_cache,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = write_cache_budgets,
              .meanings = write_cache_meanings},
    .draw_regime = generate::draw_write_cache_regime,
    .draw = generate::draw_write_cache,
    .inputs = generate::draw_inputs,
    .type_of = [](const write_cache_problem& p) { return p.type; },
    .judge = judge,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_write_cache,
    .read = read_write_cache};

}  // namespace

const operation& write_cache_operation() {
  static const table_operation<write_cache_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
