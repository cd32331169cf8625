// A draft is a promise: whatever is accepted of it, what follows equals running the accepted tokens one by
// one through a plain update.
#include "properties/conv1d/drafts.hpp"
#include "properties/laws/presented.hpp"

namespace plumbline::laws {

using conv1d::starts_of;
using conv1d::update_speculative_problem;
using conv1d::varlen_states_problem;

namespace {

using speculative = update_speculative_problem;
using codes = std::vector<std::uint64_t>;

std::int64_t slot(const speculative& p, std::int64_t n) { return slot_of(p.conv_state_indices, p, n); }

struct token_at {
  std::int64_t n, t;
};
std::vector<token_at> computed_tokens(const speculative& p) {
  std::vector<token_at> all;
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t t = 0; !is_padded(p, n) && t < tokens_of(p, n); ++t) all.push_back({n, t});
  return all;
}

/// The history of a draft's channel.
codes history_of(const speculative& p, const tensor_set& inputs, std::int64_t n, std::int64_t c) {
  const std::int64_t columns = p.width - 1;
  const std::int64_t first =
      p.num_accepted_tokens.empty() ? p.state_len - columns : p.num_accepted_tokens[at(n)] - 1;
  return state_codes(inputs.at("conv_state"), slot(p, n), c, first, columns);
}

void put_state(single_updates& call, std::int64_t row, std::int64_t c, const codes& history) {
  tensor& state = call.inputs.at("conv_state");
  const auto columns = static_cast<std::size_t>(call.problem.state_len);
  for (std::size_t e = 0; e < columns; ++e)
    state.set_code(
        row * state.strides()[0] + c * state.strides()[1] + static_cast<std::int64_t>(e) * state.strides()[2],
        history[history.size() - columns + e]);
}
void put_token(single_updates& call, std::int64_t row, std::int64_t c, std::uint64_t code) {
  tensor& x = call.inputs.at("x");
  x.set_code(element_of(call.problem, x, row, c, 0), code);
}

/// Compares tokens of the call with the rows of single updates.
std::string singles_difference(const speculative& p, const tensor& out, const std::vector<token_at>& tokens,
                               const single_updates& call, const tensor_set& outputs, const char* what) {
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    std::string why = update_difference(p, out, tokens[row].n, tokens[row].t, call.problem, outputs.at("out"),
                                        static_cast<std::int64_t>(row), 0, what);
    if (!why.empty()) return why;
  }
  return "";
}

std::string concerns_tokens(const update_speculative_subject& s) {
  return computed_tokens(s.problem).empty() ? "there is no token" : "";
}
std::string broken_tokens(const update_speculative_subject& s) {
  const speculative& p = s.problem;
  const std::vector<token_at> tokens = computed_tokens(p);
  single_updates call = single_updates_of(p, s.inputs, static_cast<std::int64_t>(tokens.size()));
  const tensor &x = s.inputs.at("x"), *parents = s.outputs.find("retrieve_parent_token");
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    const auto [n, t] = tokens[row];
    std::vector<std::int64_t> path;  // before the token, oldest first
    for (std::int64_t i = t; i != 0;) {
      i = parents == nullptr ? i - 1 : static_cast<std::int64_t>(parents->value(n * p.seqlen + i));
      path.insert(path.begin(), i);
    }
    for (std::int64_t c = 0; c < p.dim; ++c) {
      codes before = history_of(p, s.inputs, n, c);
      for (const std::int64_t i : path) before.push_back(x.code(element_of(p, x, n, c, i)));
      put_state(call, static_cast<std::int64_t>(row), c, before);
      put_token(call, static_cast<std::int64_t>(row), c, x.code(element_of(p, x, n, c, t)));
    }
  }
  const attempt other = run_updates(call, s.where, s.options);
  if (other.why_not) return describe(*other.why_not, "an update of each token");
  return singles_difference(p, s.outputs.at("out"), tokens, call, other.outputs, "an update of each token");
}

std::string concerns_accepted(const update_speculative_subject& s) {
  if (s.problem.num_accepted_tokens.empty()) return "no token is counted";
  return concerns_tokens(s);
}
// The step after this one, for any accepted count of this one.
std::string broken_accepted(const update_speculative_subject& s) {
  random_stream choice(s.seed, "accepted");
  const speculative& p = s.problem;
  speculative next = p;
  std::vector<std::int64_t> accepted(at(p.batch), 0);
  for (std::int64_t n = 0; n < p.batch; ++n) {
    if (tokens_of(p, n) == 0) continue;
    accepted[at(n)] = next.num_accepted_tokens[at(n)] = choice.integer(1, tokens_of(p, n));
  }
  tensor_set inputs = s.inputs;
  inputs.set("num_accepted_tokens", empty_inputs(next).at("num_accepted_tokens"));
  inputs.at("conv_state") = between_fresh_guards(s.outputs.at("conv_state"));
  const tensor& x = s.inputs.at("x");
  tensor& drafted = inputs.at("x");
  for (const auto& [n, t] : computed_tokens(p))
    for (std::int64_t c = 0; c < p.dim; ++c)
      drafted.set_value(element_of(p, drafted, n, c, t), choice.normal());
  const attempt after = s.run(next, inputs);
  if (after.why_not) return describe(*after.why_not, "the step after");
  std::vector<token_at> firsts;
  for (const token_at& one : computed_tokens(p))
    if (one.t == 0) firsts.push_back(one);
  single_updates call = single_updates_of(p, s.inputs, static_cast<std::int64_t>(firsts.size()));
  for (std::size_t row = 0; row < firsts.size(); ++row)
    for (std::int64_t c = 0; c < p.dim; ++c) {
      const std::int64_t n = firsts[row].n;
      codes before = history_of(p, s.inputs, n, c);
      for (std::int64_t t = 0; t < accepted[at(n)]; ++t) before.push_back(x.code(element_of(p, x, n, c, t)));
      put_state(call, static_cast<std::int64_t>(row), c, before);
      put_token(call, static_cast<std::int64_t>(row), c, drafted.code(element_of(p, drafted, n, c, 0)));
    }
  const attempt other = run_updates(call, s.where, s.options);
  if (other.why_not) return describe(*other.why_not, "the accepted tokens one by one");
  return singles_difference(next, after.outputs.at("out"), firsts, call, other.outputs,
                            "the accepted tokens one by one");
}

std::string concerns_order(const update_speculative_subject& s) {
  return s.problem.batch > 1 ? "" : "one draft has one position";
}
std::string broken_order(const update_speculative_subject& s) {
  random_stream choice(s.seed, "draft order");
  const std::vector<std::int64_t> order = generate::another_order(s.problem.batch, choice);
  const speculative p = in_order(s.problem, order,
                                 {&speculative::conv_state_indices, &speculative::num_accepted_tokens,
                                  &speculative::query_lens, &speculative::intermediate_state_indices});
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias", "conv_state", "intermediate_conv_window"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = *t;
  for (const char* name : {"retrieve_next_token", "retrieve_next_sibling"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = generate::reordered(*t, order);
  const tensor& x = s.inputs.at("x");
  tensor_set expected = specified_of(s.problem, s.outputs), wanted = make_outputs(p, inputs);
  tensor& out = wanted.at("out");
  for (std::int64_t k = 0; k < p.batch; ++k)
    for (std::int64_t t = 0; t < tokens_of(p, k); ++t)
      for (std::int64_t c = 0; c < p.dim; ++c) {
        const std::int64_t n = order[at(k)];
        inputs.at("x").set_code(element_of(p, inputs.at("x"), k, c, t),
                                x.code(element_of(s.problem, x, n, c, t)));
        out.set_code(element_of(p, out, k, c, t),
                     expected.at("out").code(element_of(s.problem, expected.at("out"), n, c, t)));
      }
  expected.at("out") = out;
  if (tensor* t = expected.find("retrieve_parent_token")) *t = generate::reordered(*t, order);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "another order of drafts");
  return difference(expected, specified_of(p, other.outputs), "another order of drafts");
}

std::string broken_untouched(const update_speculative_subject& s) {
  const speculative& p = s.problem;
  tensor expected = s.inputs.at("conv_state");
  const tensor& after = s.outputs.at("conv_state");
  for (std::int64_t n = 0; n < p.batch; ++n) {
    if (is_padded(p, n) || tokens_of(p, n) == 0) continue;
    const std::int64_t columns = p.num_accepted_tokens.empty() ? p.state_len : p.width - 2 + tokens_of(p, n);
    for (std::int64_t c = 0; c < p.dim; ++c)
      for (std::int64_t e = 0; e < columns; ++e) {
        const std::int64_t index[] = {slot(p, n), c, e};
        expected.set_code(expected.offset(index), after.code(after.offset(index)));
      }
  }
  tensor_set states;
  states.set("conv_state", std::move(expected));
  return difference(states, s.outputs, "a pool in which the drafts' columns alone changed");
}

constexpr law<speculative> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<speculative>,
     broken_run_to_run<speculative>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<speculative>,
     broken_schedule<speculative>, failing_schedule<speculative>},
    {"each_token_equals_an_update", claim::none, concerns_tokens, broken_tokens},
    {"any_accepted_count_goes_on", claim::none, concerns_accepted, broken_accepted},
    {"padding_changes_nothing", claim::none, concerns_padding, broken_padding},
    {"untouched_states_keep_their_bytes", claim::none, concerns_all<speculative>, broken_untouched},
    {"unused_memory_changes_nothing", claim::none, concerns_all<speculative>, broken_unused_memory},
    {"bad_arguments_refused", claim::none, concerns_all<speculative>, broken_update_speculative_refusals},
};

// varlen_states.

std::string concerns_sequences(const varlen_states_subject& s) {
  return s.problem.lens.size() > 1 ? "" : "one sequence has one position";
}
std::string broken_sequences(const varlen_states_subject& s) {
  random_stream choice(s.seed, "sequence order");
  const auto order = generate::another_order(static_cast<std::int64_t>(s.problem.lens.size()), choice);
  varlen_states_problem p = s.problem;
  for (std::size_t k = 0; k < order.size(); ++k) p.lens[k] = s.problem.lens[at(order[k])];
  tensor_set inputs = empty_inputs(p);
  const tensor& x = s.inputs.at("x");
  tensor& to = inputs.at("x");
  const conv1d::int_list from = starts_of(s.problem.lens), there = starts_of(p.lens);
  for (std::size_t k = 0; k < order.size(); ++k)
    for (std::int64_t t = 0; t < p.lens[k]; ++t)
      for (std::int64_t c = 0; c < p.dim; ++c)
        to.set_code((there[k] + t) * to.strides()[0] + c,
                    x.code((from[at(order[k])] + t) * x.strides()[0] + c));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "another order of sequences");
  tensor_set expected;
  expected.set("states", generate::reordered(s.outputs.at("states"), order));
  return difference(expected, other.outputs, "another order of sequences");
}

// More columns have the same end.
std::string broken_end(const varlen_states_subject& s) {
  random_stream choice(s.seed, "columns");
  varlen_states_problem p = s.problem;
  const std::int64_t more = choice.integer(1, 5);
  p.state_len += more;
  const attempt other = s.run(p, s.inputs);
  if (other.why_not) return describe(*other.why_not, "longer states");
  tensor_set end;
  tensor& states = end.set("states", s.outputs.at("states"));
  const tensor& longer = other.outputs.at("states");
  for (std::int64_t n = 0; n < states.dim(0); ++n)
    for (std::int64_t c = 0; c < p.dim; ++c)
      for (std::int64_t e = 0; e < s.problem.state_len; ++e) {
        const std::int64_t one[] = {n, c, e}, two[] = {n, c, e + more};
        states.set_code(states.offset(one), longer.code(longer.offset(two)));
      }
  return difference(s.outputs, end, "the end of longer states");
}

std::string broken_gap(const varlen_states_subject& s) {
  random_stream choice(s.seed, "unused memory");
  varlen_states_problem p = s.problem;
  p.gap += choice.integer(0, 9);
  return broken_unused(s, p);
}

constexpr law<varlen_states_problem> kept_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<varlen_states_problem>,
     broken_run_to_run<varlen_states_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_sequences,
     broken_sequences},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<varlen_states_problem>,
     broken_schedule<varlen_states_problem>, failing_schedule<varlen_states_problem>},
    {"longer_states_end_alike", claim::none, concerns_all<varlen_states_problem>, broken_end},
    {"unused_memory_changes_nothing", claim::none, concerns_all<varlen_states_problem>, broken_gap},
    {"bad_arguments_refused", claim::none, concerns_all<varlen_states_problem>,
     broken_varlen_states_refusals},
};

}  // namespace

std::span<const law<speculative>> conv1d_update_speculative_laws() { return rows; }
std::span<const law<varlen_states_problem>> conv1d_varlen_states_laws() { return kept_rows; }

}  // namespace plumbline::laws
