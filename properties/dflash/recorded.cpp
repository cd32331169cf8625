#include "properties/dflash/recorded.hpp"

#include "kernels/core/variants_of.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/recorded_contract.hpp"
#include "properties/recorded_problem.hpp"

namespace plumbline::dflash {

namespace {

constexpr std::string_view project_keys[] = {"dtype", "b", "block_size", "context_len", "hidden_size", "hq",
                                             "hk",    "d", "bias",       "eps",         "gap"};
constexpr std::string_view attention_keys[] = {"dtype",
                                               "b",
                                               "block_size",
                                               "hq",
                                               "hk",
                                               "d",
                                               "hidden_size",
                                               "context_lens",
                                               "cache_seqlens",
                                               "cache_batch_idx",
                                               "batch_cache",
                                               "capacity",
                                               "mask_batch",
                                               "mask_rows",
                                               "bias",
                                               "softmax_scale",
                                               "gap",
                                               "hidden_percent"};
constexpr std::string_view accept_keys[] = {"dtype",       "b",   "block_size",   "vocab_size",
                                            "temperature", "gap", "agree_percent"};
constexpr std::string_view crop_keys[] = {"dtype", "layers",        "b",    "capacity", "hk",
                                          "d",     "cache_seqlens", "keep", "scrub",    "gap"};

constexpr std::string_view steps_keys[] = {"steps", "dtype", "slots",    "block_size",    "hq",
                                           "hk",    "d",     "capacity", "softmax_scale", "gap"};

constexpr problem_form<project_problem> form_of(const project_problem*) {
  return {project_keys, parse_project};
}
constexpr problem_form<attention_problem> form_of(const attention_problem*) {
  return {attention_keys, parse_attention};
}
constexpr problem_form<accept_problem> form_of(const accept_problem*) { return {accept_keys, parse_accept}; }
constexpr problem_form<crop_problem> form_of(const crop_problem*) { return {crop_keys, parse_crop}; }
constexpr problem_form<steps_problem> form_of(const steps_problem*) { return {steps_keys, parse_steps}; }

// What only moves or chooses needs no contract: its type's is the only one.
template <class Problem>
contract judged_by(const recorded_case& c, std::string_view name, dtype in) {
  const std::vector<contract> known = contracts_of(variants_of<Problem>(side::host));
  if (const auto said = contract_of(c, name, known, in, in)) return *said;
  for (const contract& one : known)
    if (one.in == in && std::holds_alternative<types_alone>(one.promise)) return one;
  throw bad_argument("contract", "expected the name of one, the case says none");
}

}  // namespace

template <class Problem>
std::map<std::string, std::string> options_of_problem(const Problem& p) {
  return options_from_text("dflash", to_text(p));
}

template <class Problem>
material<Problem> read(const recorded_case& c) {
  return read_problem(c, form_of(static_cast<const Problem*>(nullptr)));
}

template <class Problem>
external_judgement judge_recorded(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    const material<Problem> m = read<Problem>(c);
    check(m.problem, m.inputs);
    const contract promised = judged_by<Problem>(c, contract_name, m.problem.type);
    return judge_held(c, m, outputs_made(m.problem, m.inputs),
                      [&](const Problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return mistrusted_without_budget(judge_outputs(p, promised, inputs, outputs), inputs);
                      });
  });
}

template std::map<std::string, std::string> options_of_problem(const project_problem&);
template material<project_problem> read(const recorded_case&);
template external_judgement judge_recorded<project_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const attention_problem&);
template material<attention_problem> read(const recorded_case&);
template external_judgement judge_recorded<attention_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const accept_problem&);
template material<accept_problem> read(const recorded_case&);
template external_judgement judge_recorded<accept_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const crop_problem&);
template material<crop_problem> read(const recorded_case&);
template external_judgement judge_recorded<crop_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const steps_problem&);
template material<steps_problem> read(const recorded_case&);
template external_judgement judge_recorded<steps_problem>(const recorded_case&, std::string_view);

}  // namespace plumbline::dflash
