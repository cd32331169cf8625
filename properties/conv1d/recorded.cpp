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

// Every input of a problem, in its strides.
template <class Problem>
material<Problem> taken(const recorded_case& c, Problem p) {
  material<Problem> m{"", p, empty_inputs(p)};
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

// The names of inputs, and of what a call returns under each prefix.
template <class Problem>
void require_known(const recorded_case& c, recorded_options& options, const Problem& p,
                   const tensor_set& outputs) {
  std::vector<std::string> names;
  for (const auto& one : empty_inputs(p)) names.push_back(one.name);
  for (const auto& one : outputs)
    for (const char* prefix : {"", "out_", "expected_"}) names.push_back(prefix + one.name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  options.require_known(known);
  (void)c;
}

template <class Problem>
external_judgement judged(const recorded_case& c, const material<Problem>& m) {
  check(m.problem, m.inputs);
  return judge_held(c, m, make_outputs(m.problem, m.inputs),
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
  require_known(c, options, p, make_outputs(p, empty_inputs(p)));
  return taken(c, p);
}

external_judgement judge_recorded_prefill(const recorded_case& c, std::string_view) {
  return guarded(c, [&] { return judged(c, read_prefill(c)); });
}

}  // namespace plumbline::conv1d
