// Cases of forward in files.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/forward_agreement.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/recorded_contract.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::mla {

namespace {

constexpr std::string_view forward_keys[] = {"form",
                                             "dtype",
                                             "weight_type",
                                             "cache_type",
                                             "b",
                                             "sq",
                                             "start_pos",
                                             "dim",
                                             "n_heads",
                                             "q_lora_rank",
                                             "kv_lora_rank",
                                             "qk_nope_head_dim",
                                             "qk_rope_head_dim",
                                             "v_head_dim",
                                             "max_batch_size",
                                             "max_seq_len",
                                             "rotary_rows",
                                             "softmax_scale",
                                             "eps",
                                             "causal"};

}  // namespace

std::map<std::string, std::string> options_of_problem(const forward_problem& p) {
  return options_from_text("mla", to_text(p));
}

material<forward_problem> read_forward(const recorded_case& c) {
  recorded_options options(c);
  material<forward_problem> m{"", parse_forward(keyed_text(text_from_options(c, options, forward_keys))), {}};
  m.inputs = empty_inputs(m.problem);
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  options.require_known(m.inputs, make_outputs(m.problem, m.inputs));
  return m;
}

external_judgement judge_recorded_forward(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    const auto m = read_forward(c);
    check(m.problem, m.inputs);
    const auto known = contracts_of(variants_of<forward_problem>(side::host));
    const auto said = contract_of(c, contract_name, known, m.problem.type, m.problem.type);
    if (!said) throw bad_argument("contract", "expected the name of one, the case says none");
    return judge_held(c, m, make_outputs(m.problem, m.inputs),
                      [&](const forward_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return judge_outputs(p, *said, inputs, outputs);
                      });
  });
}

}  // namespace plumbline::mla
