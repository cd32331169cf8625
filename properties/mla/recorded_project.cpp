// Cases of project in files.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/product_agreement.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/recorded_contract.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::mla {

namespace {

constexpr std::string_view project_keys[] = {"kind",        "dtype",        "weight_type", "tokens",
                                             "in_features", "out_features", "heads",       "qk_nope_head_dim",
                                             "v_head_dim",  "kv_lora_rank", "gap"};
constexpr std::string_view project_tensors[] = {"x", "weight", "weight_scale", "out", "expected_out"};

}  // namespace

std::map<std::string, std::string> options_of_problem(const project_problem& p) {
  return options_from_text("mla", to_text(p));
}

material<project_problem> read_project(const recorded_case& c) {
  recorded_options options(c);
  material<project_problem> m{"", parse_project(keyed_text(text_from_options(c, options, project_keys))), {}};
  options.require_known(project_tensors);
  m.inputs = empty_inputs(m.problem);
  generate::fill_unused(m.inputs, std::byte{0xff});
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

external_judgement judge_recorded_project(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    const auto m = read_project(c);
    check(m.problem, m.inputs);
    const auto known = contracts_of(variants_of<project_problem>(side::host));
    const auto said = contract_of(c, contract_name, known, m.problem.type, m.problem.type);
    if (!said) throw bad_argument("contract", "expected the name of one, the case says none");
    return judge_held(c, m, make_outputs(m.problem),
                      [&](const project_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return judge_outputs(p, *said, inputs, outputs);
                      });
  });
}

}  // namespace plumbline::mla
