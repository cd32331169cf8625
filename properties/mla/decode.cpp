// decode as an operation.
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

constexpr std::string_view groups_in_files[] = {"decode"};

constexpr function_tables<decode_problem> tables = {.parts = {.op = "mla",
                                                              .name = "decode",
                                                              .table = variants_of<decode_problem>,
                                                              .takes = takes,
                                                              .regimes = generate::regime_names,
                                                              .laws = laws::decode_laws,
                                                              .classes = generate::decode_classes,
                                                              .smaller = generate::smaller,
                                                              .parse = parse_decode,
                                                              .options_of_problem = options_of_problem,
                                                              .memory_needed = memory_needed,
                                                              .budgets = attention_budgets,
                                                              .meanings = decode_meanings,
                                                              .in_double = in_double,
                                                              .stages = attention_stages<decode_problem>},
                                                    .draw_regime = generate::draw_latent_regime,
                                                    .draw = generate::draw_decode,
                                                    .inputs = generate::draw_inputs,
                                                    .type_of = [](const decode_problem& p) { return p.type; },
                                                    .judge = judge_outputs<decode_problem>,
                                                    .groups = groups_in_files,
                                                    .judge_recorded = judge_recorded_decode,
                                                    .read = read_decode};

}  // namespace

const operation& decode_operation() {
  static const mla_function<decode_problem> one(tables);
  return one;
}

}  // namespace plumbline::mla
