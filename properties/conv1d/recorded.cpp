#include "properties/conv1d/recorded.hpp"

#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/recorded_problem.hpp"

namespace plumbline::conv1d {

namespace {

constexpr std::string_view prefill_keys[] = {"lens",          "dtype",        "dim",          "width",
                                             "activation",    "bias",         "layout",       "gap",
                                             "cache_indices", "initial",      "seq_lens_cpu", "slots",
                                             "state_len",     "state_layout", "slot_gap",     "pad_slot_id"};

constexpr std::string_view update_keys[] = {"batch",
                                            "seqlen",
                                            "dtype",
                                            "dim",
                                            "width",
                                            "activation",
                                            "bias",
                                            "layout",
                                            "gap",
                                            "slots",
                                            "conv_state_indices",
                                            "cache_seqlens",
                                            "state_len",
                                            "state_layout",
                                            "slot_gap",
                                            "pad_slot_id"};

constexpr std::string_view update_speculative_keys[] = {"batch",
                                                        "seqlen",
                                                        "query_lens",
                                                        "dtype",
                                                        "dim",
                                                        "width",
                                                        "activation",
                                                        "bias",
                                                        "layout",
                                                        "gap",
                                                        "conv_state_indices",
                                                        "num_accepted_tokens",
                                                        "lines",
                                                        "intermediate_state_indices",
                                                        "tree",
                                                        "slots",
                                                        "state_len",
                                                        "state_layout",
                                                        "slot_gap",
                                                        "pad_slot_id"};

constexpr std::string_view steps_keys[] = {"steps", "narrow", "wide",       "drafts", "dtype",
                                           "dim",   "width",  "activation", "bias",   "gap"};

constexpr std::string_view varlen_states_keys[] = {"lens",      "dtype", "dim",
                                                   "state_len", "gap",   "state_layout"};

constexpr problem_form<prefill_problem> form_of(const prefill_problem*) {
  return {prefill_keys, parse_prefill};
}
constexpr problem_form<update_problem> form_of(const update_problem*) { return {update_keys, parse_update}; }
constexpr problem_form<update_speculative_problem> form_of(const update_speculative_problem*) {
  return {update_speculative_keys, parse_update_speculative};
}
constexpr problem_form<varlen_states_problem> form_of(const varlen_states_problem*) {
  return {varlen_states_keys, parse_varlen_states};
}
constexpr problem_form<steps_problem> form_of(const steps_problem*) { return {steps_keys, parse_steps}; }

}  // namespace

template <class Problem>
std::map<std::string, std::string> options_of_problem(const Problem& p) {
  return options_from_text("conv1d", to_text(p));
}

template <class Problem>
material<Problem> read(const recorded_case& c) {
  return read_problem(c, form_of(static_cast<const Problem*>(nullptr)));
}

template <class Problem>
external_judgement judge_recorded(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const material<Problem> m = read<Problem>(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, outputs_made(m.problem, m.inputs),
                      [](const Problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return mistrusted_without_budget(judge_outputs(p, inputs, outputs), inputs);
                      });
  });
}

template std::map<std::string, std::string> options_of_problem(const prefill_problem&);
template material<prefill_problem> read(const recorded_case&);
template external_judgement judge_recorded<prefill_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const update_problem&);
template material<update_problem> read(const recorded_case&);
template external_judgement judge_recorded<update_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const update_speculative_problem&);
template material<update_speculative_problem> read(const recorded_case&);
template external_judgement judge_recorded<update_speculative_problem>(const recorded_case&,
                                                                       std::string_view);
template std::map<std::string, std::string> options_of_problem(const varlen_states_problem&);
template material<varlen_states_problem> read(const recorded_case&);
template external_judgement judge_recorded<varlen_states_problem>(const recorded_case&, std::string_view);
template std::map<std::string, std::string> options_of_problem(const steps_problem&);
template material<steps_problem> read(const recorded_case&);
template external_judgement judge_recorded<steps_problem>(const recorded_case&, std::string_view);

}  // namespace plumbline::conv1d
