// A token depends on its channel's filter and on the width - 1 tokens before it in its own sequence, and on
// nothing else; what is left of a sequence is its end.
//
// So sequences may come in any order, a sequence may come in chunks (the state carries it over, bit for bit,
// and the sums meet the same numbers in the same order), channels may come alone, and both grids give the
// same bits.  What is not part of a token's history changes nothing: padding, stale states, other memory.
#include <algorithm>

#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/tokens.hpp"
#include "properties/laws/presented.hpp"

namespace plumbline::laws {

using conv1d::int_list;
using conv1d::prefill_problem;
using conv1d::starts_of;

namespace {

constexpr const char* no_states = "no states are given";

bool padded(const prefill_problem& p, std::size_t i) {
  return is_padding(p.cache_indices, p, static_cast<std::int64_t>(i));
}

std::string concerns_order(const prefill_subject& s) {
  return s.problem.lens.size() > 1 ? "" : "one sequence has one position";
}
std::string broken_order(const prefill_subject& s) {
  random_stream choice(s.seed, "sequence order");
  const prefill_problem& p = s.problem;
  std::vector<token_run> runs;
  for (const std::int64_t i : generate::another_order(static_cast<std::int64_t>(p.lens.size()), choice))
    runs.push_back({static_cast<std::size_t>(i), 0, p.lens[static_cast<std::size_t>(i)]});
  const prefill_call call = call_on(p, s.inputs, runs);
  const attempt other = s.run(call.problem, call.inputs);
  if (other.why_not) return describe(*other.why_not, "the sequences in another order");
  const int_list starts = starts_of(p.lens), there = starts_of(call.problem.lens);
  for (std::size_t k = 0; k < runs.size(); ++k) {
    if (padded(p, runs[k].sequence)) continue;
    for (std::int64_t t = 0; t < runs[k].count; ++t) {
      std::string why = token_difference(s.outputs.at("out"), starts[runs[k].sequence] + t,
                                         other.outputs.at("out"), there[k] + t, "another order of sequences");
      if (!why.empty()) return why;
    }
  }
  tensor_set states;
  if (const tensor* t = s.outputs.find("conv_states")) states.set("conv_states", *t);
  return difference(states, other.outputs, "another order of sequences");
}

// Outputs with zeros where they are unspecified, so that the rest can be compared.
tensor_set specified(const prefill_problem& p, const tensor_set& outputs) {
  tensor_set all = outputs;
  tensor& out = all.at("out");
  const int_list starts = starts_of(p.lens);
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    for (std::int64_t t = starts[i]; padded(p, i) && t < starts[i + 1]; ++t)
      for (std::int64_t c = 0; c < p.dim; ++c) out.set_code(c * out.strides()[0] + t * out.strides()[1], 0);
  return all;
}

std::string concerns_chunks(const prefill_subject& s) {
  if (s.problem.slots == 0) return no_states;
  return conv1d::longest_of(s.problem.lens) > 1 ? "" : "no sequence has two tokens";
}
std::string broken_chunks(const prefill_subject& s) {
  random_stream choice(s.seed, "chunks");
  const prefill_problem& p = s.problem;
  std::vector<std::int64_t> done(p.lens.size(), 0);
  const int_list starts = starts_of(p.lens);
  tensor states = s.inputs.at("conv_states");
  for (int round = 0; done != p.lens; ++round) {
    std::vector<token_run> runs;
    for (std::size_t i = 0; i < p.lens.size(); ++i) {
      const std::int64_t left = p.lens[i] - done[i];
      const std::int64_t most = choice.chance(0.5) ? std::min<std::int64_t>(left, 4) : left;
      runs.push_back({i, done[i], round == 2 ? left : choice.integer(0, most)});
    }
    prefill_call call = call_on(p, s.inputs, runs);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (call.problem.initial.empty()) call.problem.initial.assign(runs.size(), 0);
      if (done[i] > 0) call.problem.initial[i] = 1;
    }
    const tensor x = call.inputs.at("x");
    call.inputs = empty_inputs(call.problem);
    for (const char* name : {"weight", "bias"})
      if (const tensor* t = s.inputs.find(name)) call.inputs.at(name) = *t;
    call.inputs.at("x") = x;
    call.inputs.at("conv_states") = states;
    const attempt part = s.run(call.problem, call.inputs);
    if (part.why_not) return describe(*part.why_not, "a part of the sequences");
    const int_list there = starts_of(call.problem.lens);
    for (std::size_t i = 0; i < runs.size(); ++i)
      for (std::int64_t t = 0; t < runs[i].count; ++t) {
        std::string why =
            padded(p, i) ? std::string()
                         : token_difference(s.outputs.at("out"), starts[i] + runs[i].from + t,
                                            part.outputs.at("out"), there[i] + t, "a sequence in chunks");
        if (!why.empty()) return why;
      }
    for (std::size_t i = 0; i < runs.size(); ++i) done[i] += runs[i].count;
    states = part.outputs.at("conv_states");
  }
  tensor_set whole, chunked;
  whole.set("conv_states", s.outputs.at("conv_states"));
  chunked.set("conv_states", states);
  return difference(whole, chunked, "the same sequences in chunks");
}

std::string concerns_grids(const prefill_subject& s) {
  return variants_of<prefill_problem>(s.where.kernels()).size() > 1 ? "" : "there is no other grid";
}
std::string broken_grids(const prefill_subject& s) {
  for (const auto& row : variants_of<prefill_problem>(s.where.kernels())) {
    const contract* promised = row.contract_for(s.problem.type);
    if (row.name == s.row.name || promised == nullptr) continue;
    const prefill_subject there{s.problem, s.inputs, s.outputs, row, *promised, s.where, s.options, s.seed};
    const attempt other = there.run(s.problem, s.inputs);
    const std::string what = "the grid of " + std::string(row.name);
    if (other.why_not) return describe(*other.why_not, what);
    std::string why = difference(specified(s.problem, s.outputs), specified(s.problem, other.outputs), what);
    if (!why.empty()) return why;
  }
  return "";
}

std::string concerns_padding(const prefill_subject& s) {
  for (std::size_t i = 0; i < s.problem.lens.size(); ++i)
    if (padded(s.problem, i) && s.problem.lens[i] > 0) return "";
  return "no token is padding";
}
std::string broken_padding(const prefill_subject& s) {
  const prefill_problem& p = s.problem;
  random_stream choice(s.seed, "padding");
  tensor_set inputs = s.inputs;
  tensor& x = inputs.at("x");
  const int_list starts = starts_of(p.lens);
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    for (std::int64_t t = starts[i]; padded(p, i) && t < starts[i + 1]; ++t)
      for (std::int64_t c = 0; c < p.dim; ++c)
        x.set_value(c * x.strides()[0] + t * x.strides()[1], choice.normal());
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other padding");
  return difference(specified(p, s.outputs), specified(p, other.outputs), "other padding");
}

// A sequence that begins reads nothing of its slot and, where it has tokens, leaves nothing of it.
bool begins(const prefill_problem& p, std::size_t i) {
  return !padded(p, i) && p.lens[i] > 0 && (p.initial.empty() || p.initial[i] == 0);
}
std::string concerns_stale(const prefill_subject& s) {
  if (s.problem.slots == 0) return no_states;
  for (std::size_t i = 0; i < s.problem.lens.size(); ++i)
    if (begins(s.problem, i)) return "";
  return "no sequence begins";
}
std::string broken_stale(const prefill_subject& s) {
  const prefill_problem& p = s.problem;
  random_stream choice(s.seed, "stale");
  tensor_set inputs = s.inputs;
  tensor& states = inputs.at("conv_states");
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    for (std::int64_t c = 0; begins(p, i) && c < p.dim; ++c)
      for (std::int64_t e = 0; e < p.width - 1; ++e)
        states.set_value(slot_of(p.cache_indices, p, static_cast<std::int64_t>(i)) * states.strides()[0] +
                             c * states.strides()[1] + e * states.strides()[2],
                         choice.normal());
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other stale histories");
  return difference(s.outputs, other.outputs, "other stale histories");
}

// Zeros as a history are no history.
std::string broken_zero_history(const prefill_subject& s) {
  prefill_problem p = s.problem;
  if (p.initial.empty()) p.initial.assign(p.lens.size(), 0);
  tensor_set inputs = s.inputs;
  tensor& states = inputs.at("conv_states");
  for (std::size_t i = 0; i < p.lens.size(); ++i) {
    if (!begins(s.problem, i)) continue;
    p.initial[i] = 1;
    for (std::int64_t c = 0; c < p.dim; ++c)
      for (std::int64_t e = 0; e < p.width - 1; ++e)
        states.set_code(slot_of(p.cache_indices, p, static_cast<std::int64_t>(i)) * states.strides()[0] +
                            c * states.strides()[1] + e * states.strides()[2],
                        0);
  }
  inputs.set("has_initial_state", empty_inputs(p).at("has_initial_state"));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "histories of zeros");
  return difference(s.outputs, other.outputs, "histories of zeros");
}

std::string concerns_channels(const prefill_subject& s) {
  return s.problem.dim > 1 ? "" : "one channel is alone";
}
std::string broken_channels(const prefill_subject& s) {
  random_stream choice(s.seed, "channels");
  prefill_problem p = s.problem;
  p.dim = choice.integer(1, std::min<std::int64_t>(s.problem.dim - 1, 40));
  p.slot_gap = std::min<std::int64_t>(p.slot_gap, 100);
  const std::int64_t first = choice.integer(0, s.problem.dim - p.dim);
  tensor_set inputs = empty_inputs(p);
  const auto slice = [&](const tensor& from, tensor& to, int channel_axis, bool take) {
    std::vector<std::int64_t> index(static_cast<std::size_t>(from.rank()), 0);
    for (std::int64_t i = 0; i < (take ? to : from).size(); ++i) {
      std::vector<std::int64_t> there = index;
      there[static_cast<std::size_t>(channel_axis)] += first;
      to.set_code(to.offset(index), from.code(from.offset(there)));
      for (std::size_t axis = index.size(); axis-- > 0;) {
        if (++index[axis] < to.shape()[axis]) break;
        index[axis] = 0;
      }
    }
  };
  for (const char* name : {"x", "weight", "bias", "conv_states"})
    if (const tensor* t = s.inputs.find(name))
      slice(*t, inputs.at(name), std::string_view(name) == "conv_states" ? 1 : 0, true);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "some channels alone");
  tensor_set expected = make_outputs(p, inputs);
  slice(s.outputs.at("out"), expected.at("out"), 0, true);
  if (p.slots > 0) slice(s.outputs.at("conv_states"), expected.at("conv_states"), 1, true);
  return difference(specified(p, expected), specified(p, other.outputs), "some channels alone");
}

std::string broken_unused_memory(const prefill_subject& s) {
  random_stream choice(s.seed, "unused memory");
  prefill_problem p = s.problem;
  p.gap += choice.integer(0, 9);
  if (p.slot_gap < 100) p.slot_gap += choice.integer(0, 9);
  return broken_unused(s, p);
}

std::string concerns_states(const prefill_subject& s) { return s.problem.slots > 0 ? "" : no_states; }
std::string broken_untouched(const prefill_subject& s) {
  const prefill_problem& p = s.problem;
  tensor expected = s.inputs.at("conv_states");
  const tensor& after = s.outputs.at("conv_states");
  for (std::size_t i = 0; i < p.lens.size(); ++i) {
    if (padded(p, i) || p.lens[i] == 0) continue;
    const std::int64_t slot = slot_of(p.cache_indices, p, static_cast<std::int64_t>(i));
    for (std::int64_t c = 0; c < p.dim; ++c)
      for (std::int64_t e = 0; e < p.width - 1; ++e) {
        const std::int64_t at[] = {slot, c, e};
        expected.set_code(expected.offset(at), after.code(after.offset(at)));
      }
  }
  tensor_set states;
  states.set("conv_states", std::move(expected));
  return difference(states, s.outputs, "a pool in which the windows of the sequences alone changed");
}

constexpr law<prefill_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<prefill_problem>,
     broken_run_to_run<prefill_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<prefill_problem>,
     broken_schedule<prefill_problem>, failing_schedule<prefill_problem>},
    {"same_bits_from_both_grids", claim::none, concerns_grids, broken_grids},
    {"chunks_equal_the_whole", claim::none, concerns_chunks, broken_chunks},
    {"channels_are_alone", claim::none, concerns_channels, broken_channels},
    {"padding_changes_nothing", claim::none, concerns_padding, broken_padding},
    {"stale_history_is_ignored", claim::none, concerns_stale, broken_stale},
    {"zeros_are_no_history", claim::none, concerns_stale, broken_zero_history},
    {"untouched_states_keep_their_bytes", claim::none, concerns_states, broken_untouched},
    {"unused_memory_changes_nothing", claim::none, concerns_all<prefill_problem>, broken_unused_memory},
    {"bad_arguments_refused", claim::none, concerns_all<prefill_problem>, broken_prefill_refusals},
};

}  // namespace

std::span<const law<prefill_problem>> conv1d_prefill_laws() { return rows; }

}  // namespace plumbline::laws
