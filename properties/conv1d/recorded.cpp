#include "properties/conv1d/recorded.hpp"

#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/operations.hpp"
#include "reference/core/keyed_text.hpp"

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

tensor_set made(const varlen_states_problem& p, const tensor_set&) { return make_outputs(p); }
template <class Problem>
tensor_set made(const Problem& p, const tensor_set& inputs) {
  return make_outputs(p, inputs);
}

// Every input of a problem, in its strides.
template <class Problem>
material<Problem> taken(const recorded_case& c, Problem p) {
  material<Problem> m{"", p, empty_inputs(p)};
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

// The names of inputs, and of what a call returns under each prefix.
template <class Problem>
void require_known(recorded_options& options, const Problem& p) {
  std::vector<std::string> names;
  const tensor_set inputs = empty_inputs(p);
  for (const auto& one : inputs) names.push_back(one.name);
  for (const auto& one : made(p, inputs))
    for (const char* prefix : {"", "out_", "expected_"}) names.push_back(prefix + one.name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  options.require_known(known);
}

template <class Problem>
external_judgement judged(const recorded_case& c, const material<Problem>& m) {
  check(m.problem, m.inputs);
  return judge_held(c, m, made(m.problem, m.inputs),
                    [](const Problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                      return mistrusted_without_budget(judge_outputs(p, inputs, outputs), inputs);
                    });
}

}  // namespace

std::map<std::string, std::string> options_of_problem(const prefill_problem& p) {
  return options_from_text("conv1d", to_text(p));
}

material<prefill_problem> read_prefill(const recorded_case& c) {
  recorded_options options(c);
  const prefill_problem p = parse_prefill(keyed_text(text_from_options(c, options, prefill_keys)));
  require_known(options, p);
  return taken(c, p);
}

external_judgement judge_recorded_prefill(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_prefill(c)); });
}

std::map<std::string, std::string> options_of_problem(const update_problem& p) {
  return options_from_text("conv1d", to_text(p));
}

material<update_problem> read_update(const recorded_case& c) {
  recorded_options options(c);
  const update_problem p = parse_update(keyed_text(text_from_options(c, options, update_keys)));
  require_known(options, p);
  return taken(c, p);
}

external_judgement judge_recorded_update(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_update(c)); });
}

std::map<std::string, std::string> options_of_problem(const update_speculative_problem& p) {
  return options_from_text("conv1d", to_text(p));
}

material<update_speculative_problem> read_update_speculative(const recorded_case& c) {
  recorded_options options(c);
  const update_speculative_problem p =
      parse_update_speculative(keyed_text(text_from_options(c, options, update_speculative_keys)));
  require_known(options, p);
  return taken(c, p);
}

external_judgement judge_recorded_update_speculative(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_update_speculative(c)); });
}

std::map<std::string, std::string> options_of_problem(const varlen_states_problem& p) {
  return options_from_text("conv1d", to_text(p));
}

material<varlen_states_problem> read_varlen_states(const recorded_case& c) {
  recorded_options options(c);
  const varlen_states_problem p =
      parse_varlen_states(keyed_text(text_from_options(c, options, varlen_states_keys)));
  require_known(options, p);
  return taken(c, p);
}

external_judgement judge_recorded_varlen_states(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_varlen_states(c)); });
}

std::map<std::string, std::string> options_of_problem(const steps_problem& p) {
  return options_from_text("conv1d", to_text(p));
}

material<steps_problem> read_steps(const recorded_case& c) {
  recorded_options options(c);
  const steps_problem p = parse_steps(keyed_text(text_from_options(c, options, steps_keys)));
  require_known(options, p);
  return taken(c, p);
}

external_judgement judge_recorded_steps(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_steps(c)); });
}

}  // namespace plumbline::conv1d
