// An update is a number of single updates, a circular state is a line that begins elsewhere, and a prefill
// from the same history computes the same.
#include "kernels/core/variants_of.hpp"
#include "properties/conv1d/drafts.hpp"
#include "properties/laws/presented.hpp"

namespace plumbline::laws {

using conv1d::int_list;
using conv1d::prefill_problem;
using conv1d::update_problem;

namespace {

std::int64_t place(const tensor& state, std::int64_t slot, std::int64_t c, std::int64_t e) {
  return slot * state.strides()[0] + c * state.strides()[1] + e * state.strides()[2];
}
std::int64_t slot(const update_problem& p, std::int64_t n) { return slot_of(p.conv_state_indices, p, n); }

std::string concerns_order(const update_subject& s) {
  return s.problem.batch > 1 ? "" : "one sequence has one position";
}
std::string broken_order(const update_subject& s) {
  random_stream choice(s.seed, "batch order");
  const std::vector<std::int64_t> order = generate::another_order(s.problem.batch, choice);
  const update_problem p =
      in_order(s.problem, order, {&update_problem::conv_state_indices, &update_problem::cache_seqlens});
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias", "conv_state"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = *t;
  inputs.at("x") = generate::reordered(s.inputs.at("x"), order);
  tensor_set expected = specified_of(s.problem, s.outputs);
  expected.at("out") = generate::reordered(expected.at("out"), order);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "another order of sequences");
  return difference(expected, specified_of(p, other.outputs), "another order of sequences");
}

std::string concerns_singles(const update_subject& s) {
  return s.problem.seqlen > 1 && s.problem.batch > 0 ? "" : "there is one token";
}
std::string broken_singles(const update_subject& s) {
  update_problem one = s.problem;
  one.seqlen = 1;
  tensor state = s.inputs.at("conv_state");
  for (std::int64_t t = 0; t < s.problem.seqlen; ++t) {
    tensor_set inputs = empty_inputs(one);
    for (const char* name : {"weight", "bias"})
      if (const tensor* tensor_of = s.inputs.find(name)) inputs.at(name) = *tensor_of;
    inputs.at("conv_state") = state;
    const tensor& x = s.inputs.at("x");
    for (std::int64_t n = 0; n < one.batch; ++n)
      for (std::int64_t c = 0; c < one.dim; ++c)
        inputs.at("x").set_code(element_of(one, inputs.at("x"), n, c, 0),
                                x.code(element_of(s.problem, x, n, c, t)));
    const attempt part = s.run(one, inputs);
    if (part.why_not) return describe(*part.why_not, "one token");
    for (std::int64_t n = 0; n < one.batch; ++n) {
      std::string why = is_padded(one, n)
                            ? std::string()
                            : update_difference(s.problem, s.outputs.at("out"), n, t, one,
                                                part.outputs.at("out"), n, 0, "the tokens one by one");
      if (!why.empty()) return why;
    }
    state = part.outputs.at("conv_state");
    for (std::int64_t& position : one.cache_seqlens) position = (position + 1) % one.state_len;
  }
  tensor_set whole, singles;
  whole.set("conv_state", s.outputs.at("conv_state"));
  singles.set("conv_state", state);
  return difference(whole, singles, "the tokens one by one");
}

// A circular state of position p holds a line's column e at p + e.
std::string broken_rotation(const update_subject& s) {
  random_stream choice(s.seed, "rotation");
  const bool circular = !s.problem.cache_seqlens.empty();
  update_problem p = s.problem;
  int_list positions = s.problem.cache_seqlens;
  for (std::int64_t n = 0; !circular && n < p.batch; ++n)
    positions.push_back(choice.integer(0, 3 * p.state_len));
  p.cache_seqlens = circular ? int_list() : positions;
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"x", "weight", "bias", "conv_state"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = *t;
  // `after`: positions have moved on by the call's tokens.
  const auto turned = [&](const tensor& from, tensor to, std::int64_t after) {
    for (std::int64_t n = 0; n < p.batch; ++n)
      for (std::int64_t c = 0; !is_padded(p, n) && c < p.dim; ++c)
        for (std::int64_t e = 0; e < p.state_len; ++e) {
          const std::int64_t round = (positions[at(n)] + after + e) % p.state_len;
          to.set_code(place(to, slot(p, n), c, circular ? e : round),
                      from.code(place(from, slot(p, n), c, circular ? round : e)));
        }
    return to;
  };
  inputs.at("conv_state") = turned(s.inputs.at("conv_state"), inputs.at("conv_state"), 0);
  const attempt other = s.run(p, inputs);
  const std::string what = circular ? "the line of a circular state" : "a circular state of the line";
  if (other.why_not) return describe(*other.why_not, what);
  tensor_set expected = specified_of(s.problem, s.outputs);
  expected.at("conv_state") =
      turned(s.outputs.at("conv_state"), s.outputs.at("conv_state"), s.problem.seqlen);
  return difference(expected, specified_of(p, other.outputs), what);
}

std::string concerns_prefill(const update_subject& s) {
  if (!s.problem.cache_seqlens.empty()) return "the state is circular";
  return s.problem.batch > 0 ? "" : "there is no sequence";
}
std::string broken_prefill(const update_subject& s) {
  const update_problem& u = s.problem;
  prefill_problem p;
  static_cast<conv1d::filter_shape&>(p) = u;
  p.layout = conv1d::run_layout::channel_last;
  p.gap = 0;
  p.slots = u.batch;
  p.state_len = u.width - 1;
  p.lens.assign(at(u.batch), u.seqlen);
  p.initial.assign(at(u.batch), 1);
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = *t;
  const tensor &x = s.inputs.at("x"), &state = s.inputs.at("conv_state");
  tensor &to = inputs.at("x"), &states = inputs.at("conv_states");
  for (std::int64_t n = 0; n < u.batch; ++n)
    for (std::int64_t c = 0; c < u.dim; ++c) {
      for (std::int64_t t = 0; t < u.seqlen; ++t)
        to.set_code(c * to.strides()[0] + (n * u.seqlen + t) * to.strides()[1],
                    x.code(element_of(u, x, n, c, t)));
      for (std::int64_t e = 0; !is_padded(u, n) && e < u.width - 1; ++e)
        states.set_code(place(states, n, c, e),
                        state.code(place(state, slot(u, n), c, u.state_len - (u.width - 1) + e)));
    }
  const auto& row = variants_of<prefill_problem>(s.where.kernels())[0];
  const tensor_set none;
  const prefill_subject there{p, inputs, none, row, *row.contract_for(p.type), s.where, s.options, s.seed};
  const attempt other = there.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "prefill from the same histories");
  const tensor &out = s.outputs.at("out"), &theirs = other.outputs.at("out");
  for (std::int64_t n = 0; n < u.batch; ++n)
    for (std::int64_t c = 0; !is_padded(u, n) && c < u.dim; ++c)
      for (std::int64_t t = 0; t < u.seqlen; ++t) {
        const std::int64_t one = element_of(u, out, n, c, t),
                           two = c * theirs.strides()[0] + (n * u.seqlen + t) * theirs.strides()[1];
        if (out.code(one) != theirs.code(two))
          return "prefill from the same histories gives other bits: sequence " + std::to_string(n) +
                 ", token " + std::to_string(t) + ", channel " + std::to_string(c) + " is " +
                 shown(theirs.value(two)) + ", not " + shown(out.value(one));
      }
  return "";
}

std::string broken_untouched(const update_subject& s) {
  const update_problem& p = s.problem;
  tensor expected = s.inputs.at("conv_state");
  const tensor& after = s.outputs.at("conv_state");
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t c = 0; !is_padded(p, n) && c < p.dim; ++c)
      for (std::int64_t e = 0; e < p.state_len; ++e) {
        const bool circular = !p.cache_seqlens.empty();
        if (circular && (e - p.cache_seqlens[at(n)] % p.state_len + p.state_len) % p.state_len >= p.seqlen)
          continue;
        expected.set_code(place(expected, slot(p, n), c, e), after.code(place(after, slot(p, n), c, e)));
      }
  tensor_set states;
  states.set("conv_state", std::move(expected));
  return difference(states, s.outputs, "a pool in which the sequences' columns alone changed");
}

constexpr law<update_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<update_problem>,
     broken_run_to_run<update_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<update_problem>,
     broken_schedule<update_problem>, failing_schedule<update_problem>},
    {"tokens_one_by_one", claim::none, concerns_singles, broken_singles},
    {"circular_is_a_turned_line", claim::none, concerns_all<update_problem>, broken_rotation},
    {"prefill_computes_the_same", claim::none, concerns_prefill, broken_prefill},
    {"padding_changes_nothing", claim::none, concerns_padding, broken_padding},
    {"untouched_states_keep_their_bytes", claim::none, concerns_all<update_problem>, broken_untouched},
    {"unused_memory_changes_nothing", claim::none, concerns_all<update_problem>, broken_unused_memory},
    {"bad_arguments_refused", claim::none, concerns_all<update_problem>, broken_update_refusals},
};

}  // namespace

std::span<const law<update_problem>> conv1d_update_laws() { return rows; }

}  // namespace plumbline::laws
