// A slot's steps depend on that slot alone: without the steps of another one they give the same bits.
#include "properties/conv1d/steps_laws.hpp"

#include <algorithm>

#include "properties/conv1d/steps_shapes.hpp"
#include "properties/laws/presented.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using conv1d::step;
using conv1d::step_part;
using conv1d::steps_problem;

namespace {

using steps_subject = subject<steps_problem>;

std::vector<std::int64_t> slots_of(const steps_problem& p) {
  std::vector<std::int64_t> slots;
  for (const step& one : p.steps)
    for (const step_part& part : one.parts)
      if (std::find(slots.begin(), slots.end(), part.slot) == slots.end()) slots.push_back(part.slot);
  return slots;
}

/// Rows of x of one slot, in order.
std::vector<std::int64_t> rows_of(const steps_problem& p, std::int64_t slot) {
  std::vector<std::int64_t> rows;
  for (const conv1d::step_call& call : calls_of(p)) {
    std::int64_t row = call.first_token;
    for (const step_part& part : call.parts) {
      const bool it = part.slot + (call.wide ? p.narrow : 0) == slot;
      for (std::int64_t t = 0; t < part.tokens; ++t, ++row)
        if (it) rows.push_back(row);
    }
  }
  return rows;
}

std::string concerns_alone(const steps_subject& s) {
  return slots_of(s.problem).size() > 1 ? "" : "one slot is alone";
}
std::string broken_alone(const steps_subject& s) {
  random_stream choice(s.seed, "slot");
  const auto slots = slots_of(s.problem);
  const std::int64_t kept =
      slots[static_cast<std::size_t>(choice.integer(0, static_cast<std::int64_t>(slots.size()) - 1))];
  steps_problem p = s.problem;
  for (step& one : p.steps)
    std::erase_if(one.parts, [kept](const step_part& part) { return part.slot != kept; });
  std::erase_if(p.steps, [](const step& one) { return one.parts.empty(); });
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias", "conv_states", "conv_tapes"})
    if (const tensor* t = s.inputs.find(name)) inputs.at(name) = *t;
  const auto from = rows_of(s.problem, kept), to = rows_of(p, kept);
  const tensor &x = s.inputs.at("x"), &out = s.outputs.at("out");
  const auto stride = x.strides()[0];
  for (std::size_t i = 0; i < from.size(); ++i)
    for (std::int64_t c = 0; c < p.dim; ++c)
      inputs.at("x").set_code(to[i] * stride + c, x.code(from[i] * stride + c));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the steps of one slot");
  const tensor& theirs = other.outputs.at("out");
  for (std::size_t i = 0; i < from.size(); ++i)
    for (std::int64_t c = 0; c < p.dim; ++c)
      if (out.code(from[i] * stride + c) != theirs.code(to[i] * stride + c))
        return "the steps of one slot give other bits: slot " + std::to_string(kept) + ", its token " +
               std::to_string(i) + ", channel " + std::to_string(c) + " is " +
               shown(theirs.value(to[i] * stride + c)) + ", not " + shown(out.value(from[i] * stride + c));
  return "";
}

std::string broken_gap(const steps_subject& s) {
  random_stream choice(s.seed, "unused memory");
  steps_problem p = s.problem;
  p.gap += choice.integer(0, 9);
  return broken_unused(s, p);
}

using call = refused_call<steps_problem>;

constexpr refusal<steps_problem> refusals[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::i32; }},
    {"width", [](call& c) { c.problem.width = 5; }},
    {"narrow", [](call& c) { c.problem.narrow = -1; }},
    {"drafts", [](call& c) { c.problem.drafts = 0; }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("u1@0"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("c1@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@2"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@0.1@0"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@0|s1a1@0"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@1|s4a1@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@1|s2a2@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@1|s2a1@1|s1a3@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@1|s2a1@1|c1@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@1|s2a1@1|s0a2@1|s1a1@1"); }},
    {"steps", [](call& c) { c.problem.steps = conv1d::steps_from("p1@0.1@1|u1@0.2@1"); }},
    {"x", [](call& c) { c.inputs.erase("x"); }},
    {"conv_tapes", [](call& c) { c.problem.drafts = 4; }},
    {"step_lists", [](call& c) { c.inputs.at("step_lists").as<std::int32_t>()[1] = 1; }},
    {"step_flags", [](call& c) { c.inputs.at("step_flags").as<std::uint8_t>()[0] = 1; }}};

std::string broken_refusals(const steps_subject&) {
  steps_problem p;
  p.dim = 5;
  p.wide = 1;
  p.steps = conv1d::steps_from("p2@0.3@1|s2a1@1|u1@0.1a2@1");
  return first_accepted<steps_problem>({p, generate::draw_inputs(p, "normal", 1)}, refusals);
}

constexpr law<steps_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<steps_problem>,
     broken_run_to_run<steps_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<steps_problem>,
     broken_schedule<steps_problem>, failing_schedule<steps_problem>},
    {"slots_are_alone", claim::none, concerns_alone, broken_alone},
    {"unused_memory_changes_nothing", claim::none, concerns_all<steps_problem>, broken_gap},
    {"bad_arguments_refused", claim::none, concerns_all<steps_problem>, broken_refusals},
};

}  // namespace

std::span<const law<steps_problem>> conv1d_steps_laws() { return rows; }

}  // namespace plumbline::laws
