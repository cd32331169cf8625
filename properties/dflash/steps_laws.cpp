// A slot is the list of what was committed to it: what other slots do, what the caches held before, what was
// drafted and rejected, and in how many rounds rows came changes no bit of what a block sees.
#include "properties/dflash/steps_laws.hpp"

#include <algorithm>
#include <optional>

#include "properties/dflash/steps_shapes.hpp"
#include "properties/laws/presented.hpp"
#include "properties/laws/refusal.hpp"
#include "reference/core/index.hpp"

namespace plumbline::laws {

using dflash::int_list;
using dflash::step;
using dflash::step_call;
using dflash::step_part;
using dflash::steps_problem;

namespace {

using call_of = subject<steps_problem>;

void copy_row(const tensor& from, std::int64_t row, tensor& to, std::int64_t into) {
  for (std::int64_t h = 0; h < from.dim(1); ++h)
    for (std::int64_t c = 0; c < from.dim(2); ++c) {
      const std::int64_t index[] = {row, h, c}, there[] = {into, h, c};
      to.set_code(to.offset(there), from.code(from.offset(index)));
    }
}

/// Rows of k and v, and of q, that go from one list of steps to another.
struct moved_rows {
  int_list keys, queries;  // of the first, in the order of the second
};

tensor_set inputs_of(const call_of& s, const steps_problem& p, const moved_rows& moved) {
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"k_cache", "v_cache"}) inputs.set(name, s.inputs.at(name));
  for (std::size_t i = 0; i < moved.keys.size(); ++i)
    for (const char* name : {"k", "v"})
      copy_row(s.inputs.at(name), moved.keys[i], inputs.at(name), static_cast<std::int64_t>(i));
  for (std::size_t i = 0; i < moved.queries.size(); ++i)
    copy_row(s.inputs.at("q"), moved.queries[i], inputs.at("q"), static_cast<std::int64_t>(i));
  return inputs;
}

// Attended rows `queries` of the first run as rows 0, 1, ... of the second.
std::string attended_difference(const call_of& s, const int_list& queries, const tensor_set& outputs,
                                const std::string& what) {
  tensor expected = outputs.at("attended");
  for (std::size_t i = 0; i < queries.size(); ++i)
    copy_row(s.outputs.at("attended"), queries[i], expected, static_cast<std::int64_t>(i));
  tensor_set first;
  first.set("attended", std::move(expected));
  return difference(first, outputs, what);
}

void add_range(int_list& to, std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) to.push_back(i);
}

int_list slots_of(const steps_problem& p) {
  int_list slots;
  for (const step& one : p.steps)
    for (const step_part& part : one.parts)
      if (std::find(slots.begin(), slots.end(), part.slot) == slots.end()) slots.push_back(part.slot);
  return slots;
}

std::string concerns_alone(const call_of& s) {
  return slots_of(s.problem).size() > 1 ? "" : "one slot is alone";
}
std::string broken_alone(const call_of& s) {
  random_stream choice(s.seed, "slot");
  const int_list slots = slots_of(s.problem);
  const std::int64_t kept = slots[at(choice.integer(0, static_cast<std::int64_t>(slots.size()) - 1))];
  steps_problem p = s.problem;
  for (step& one : p.steps)
    std::erase_if(one.parts, [kept](const step_part& part) { return part.slot != kept; });
  std::erase_if(p.steps, [](const step& one) { return one.parts.empty(); });
  moved_rows moved;
  for (const step_call& call : calls_of(s.problem))
    for (std::size_t i = 0; i < call.parts.size() && call.kind != 'c'; ++i) {
      if (call.parts[i].slot != kept) continue;
      const std::int64_t first = call.first_query + static_cast<std::int64_t>(i) * p.block_size;
      add_range(moved.keys, call.new_rows[i], call.new_rows[i + 1]);
      add_range(moved.queries, first, first + p.block_size);
    }
  const attempt other = s.run(p, inputs_of(s, p, moved));
  if (other.why_not) return describe(*other.why_not, "the steps of one slot");
  return attended_difference(s, moved.queries, other.outputs, "the steps of one slot");
}

// The first steps give the same rows, and leave what the list of each slot then holds.
std::string concerns_first(const call_of& s) { return s.problem.steps.size() > 1 ? "" : "there is one step"; }
std::string broken_first(const call_of& s) {
  random_stream choice(s.seed, "first steps");
  const std::int64_t kept = choice.integer(1, static_cast<std::int64_t>(s.problem.steps.size()) - 1);
  steps_problem p = s.problem;
  p.steps.resize(at(kept));
  moved_rows moved;
  int_list lengths(at(p.slots), 0);
  for (const step_call& call : calls_of(p)) {
    for (std::size_t i = 0; i < call.parts.size(); ++i) lengths[at(call.parts[i].slot)] = call.after[i];
    if (call.kind == 'c') continue;
    add_range(moved.keys, call.new_rows.front(), call.new_rows.back());
    add_range(moved.queries, call.first_query,
              call.first_query + static_cast<std::int64_t>(call.parts.size()) * p.block_size);
  }
  const std::string what = "the first " + std::to_string(kept) + " steps";
  const attempt other = s.run(p, inputs_of(s, p, moved));
  if (other.why_not) return describe(*other.why_not, what);
  tensor_set held;
  held.set("cache_seqlens", generate::places(lengths));
  if (std::string found = difference(held, other.outputs, what); !found.empty()) return found;
  return attended_difference(s, moved.queries, other.outputs, what);
}

// Other rows in the blocks that one step drafted: whatever comes behind it sees none of them.
std::string broken_rejected(const call_of& s) {
  random_stream choice(s.seed, "rejected");
  const std::vector<step_call> calls = calls_of(s.problem);
  const step_call& changed = calls[at(choice.integer(0, static_cast<std::int64_t>(calls.size()) - 1))];
  if (changed.kind == 'c') return "";
  tensor_set inputs = s.inputs;
  int_list own;  // attended rows of that step
  for (std::size_t i = 0; i < changed.parts.size(); ++i) {
    const std::int64_t end = changed.new_rows[i + 1];
    for (const char* name : {"k", "v"})
      for (std::int64_t row = end - s.problem.block_size; row < end; ++row)
        copy_row(s.inputs.at(name), choice.integer(0, s.inputs.at(name).dim(0) - 1), inputs.at(name), row);
    const std::int64_t first = changed.first_query + static_cast<std::int64_t>(i) * s.problem.block_size;
    add_range(own, first, first + s.problem.block_size);
  }
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "other drafts in one step");
  tensor_set expected;
  tensor& attended = expected.set("attended", s.outputs.at("attended"));
  for (const std::int64_t row : own) copy_row(other.outputs.at("attended"), row, attended, row);
  expected.set("cache_seqlens", s.outputs.at("cache_seqlens"));
  return difference(expected, other.outputs, "other drafts in one step");
}

// The last block of a slot behind all that was committed before, in one step.
struct last_block {
  moved_rows moved;
  std::int64_t committed = 0;
};
std::optional<last_block> last_block_of(const steps_problem& p, std::int64_t slot) {
  int_list committed;
  std::optional<last_block> last;
  for (const step_call& call : calls_of(p))
    for (std::size_t i = 0; i < call.parts.size(); ++i) {
      if (call.parts[i].slot != slot) continue;
      if (call.kind == 'c') {
        committed.resize(at(call.after[i]));
        continue;
      }
      if (call.kind == 'p') committed.clear();
      add_range(committed, call.new_rows[i], call.new_rows[i + 1]);
      const std::int64_t first = call.first_query + static_cast<std::int64_t>(i) * p.block_size;
      last = last_block{{committed, {}}, 0};
      add_range(last->moved.queries, first, first + p.block_size);
      committed.resize(committed.size() - at(p.block_size));
      last->committed = static_cast<std::int64_t>(committed.size());
    }
  return last;
}
std::string broken_at_once(const call_of& s) {
  random_stream choice(s.seed, "at once");
  const int_list slots = slots_of(s.problem);
  const std::int64_t slot = slots[at(choice.integer(0, static_cast<std::int64_t>(slots.size()) - 1))];
  const auto last = last_block_of(s.problem, slot);
  if (!last) return "";
  steps_problem p = s.problem;
  p.steps = {{'p', {{last->committed, slot}}}};
  const std::string what = "what slot " + std::to_string(slot) + " holds, committed in one step";
  const attempt other = s.run(p, inputs_of(s, p, last->moved));
  if (other.why_not) return describe(*other.why_not, what);
  return attended_difference(s, last->moved.queries, other.outputs, what);
}

std::string broken_stale(const call_of& s) {
  steps_problem p = s.problem;
  p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  const std::byte fill = s.seed & 1 ? std::byte{0xff} : std::byte{0x3b};  // the other of draw_inputs
  const attempt other = s.run(p, generate::refilled(p, s.inputs, fill));
  if (other.why_not) return describe(*other.why_not, "other stale rows");
  tensor_set expected;
  for (const char* name : {"attended", "cache_seqlens"}) expected.set(name, s.outputs.at(name));
  return difference(expected, other.outputs, "other stale rows");
}

using call = refused_call<steps_problem>;

constexpr refusal<steps_problem> refusals[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::f32; }},
    {"slots", [](call& c) { c.problem.slots = 0; }},
    {"block_size", [](call& c) { c.problem.block_size = 0; }},
    {"hq", [](call& c) { c.problem.hq = 3; }},
    {"d", [](call& c) { c.problem.d = 0; }},
    {"capacity", [](call& c) { c.problem.capacity = 8; }},
    {"steps", [](call& c) { c.problem.steps = dflash::steps_from("a0@0"); }},
    {"steps", [](call& c) { c.problem.steps = dflash::steps_from("c0@1"); }},
    {"steps", [](call& c) { c.problem.steps = dflash::steps_from("p1@2"); }},
    {"steps", [](call& c) { c.problem.steps = dflash::steps_from("p1@0.1@0"); }},
    {"steps", [](call& c) { c.problem.steps = dflash::steps_from("p1@0|a3@0"); }},
    {"steps", [](call& c) { c.problem.steps[0].kind = 'u'; }},
    {"softmax_scale", [](call& c) { c.problem.softmax_scale = -1; }},
    {"q", [](call& c) { c.inputs.erase("q"); }},
    {"k",
     [](call& c) {
       c.inputs.set("k", tensor(dtype::bf16, {11, 2, 8}));
     }},
    {"k_cache", [](call& c) { c.inputs.erase("k_cache"); }},
    {"step_lists", [](call& c) { c.inputs.at("step_lists").as<std::int32_t>()[1] = 1; }}};

std::string broken_refusals(const call_of&) {
  steps_problem p;
  p.slots = 2, p.block_size = 3, p.hk = 2, p.d = 8, p.capacity = 9;
  p.steps = dflash::steps_from("p5@0|a0@0|c2@0|p1@1");
  return first_accepted<steps_problem>({p, generate::draw_inputs(p, "normal", 1)}, refusals);
}

constexpr law<steps_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<steps_problem>,
     broken_run_to_run<steps_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<steps_problem>,
     broken_schedule<steps_problem>, failing_schedule<steps_problem>},
    {"slots_are_alone", claim::none, concerns_alone, broken_alone},
    {"first_steps_need_no_others", claim::none, concerns_first, broken_first},
    {"rejected_drafts_leave_nothing", claim::none, concerns_all<steps_problem>, broken_rejected},
    {"committed_at_once_or_in_rounds", claim::none, concerns_all<steps_problem>, broken_at_once},
    {"stale_rows_are_never_attended", claim::none, concerns_all<steps_problem>, broken_stale},
    {"bad_arguments_refused", claim::none, concerns_all<steps_problem>, broken_refusals},
};

}  // namespace

std::span<const law<steps_problem>> dflash_steps_laws() { return rows; }

}  // namespace plumbline::laws
