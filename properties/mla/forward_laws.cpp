// What a module reads and what it leaves alone.
//
// Agreement is judged step by step on what the step before left, so it does not see a step that took its
// input from elsewhere and happens to find the same numbers there.  These laws change what nobody may read.
#include "properties/mla/forward_laws.hpp"

#include <cstring>

#include "properties/mla/forward_inputs.hpp"

namespace plumbline::laws {

using mla::forward_problem;

namespace {

std::string broken_unread_rows(const forward_subject& s) {
  const forward_problem& p = s.problem;
  constexpr std::byte other{0x3b};  // a finite number in every type
  tensor_set inputs = s.inputs, expected = s.outputs;
  generate::fill_other_rows(p, p.start_pos, other, inputs);
  generate::fill_other_rows(p, p.end_pos(), other, expected);
  const attempt again = s.run(p, inputs);
  if (again.why_not) return describe(*again.why_not, "other bytes in rows that nobody reads");
  return difference(expected, again.outputs, "other bytes in rows that nobody reads");
}

std::string concerns_larger_caches(const forward_subject& s) {
  return s.problem.b * s.problem.sq > 0 ? "" : "no token is written";
}

// The same rows in caches of more sequences and tokens: all strides are others.
std::string broken_larger_caches(const forward_subject& s) {
  forward_problem p = s.problem;
  random_stream choice(s.seed, "larger caches");
  p.max_batch_size += choice.integer(0, 2);
  p.max_seq_len += choice.integer(1, 9);
  if (p.rotary_rows < p.end_pos()) p.rotary_rows = p.end_pos();
  tensor_set inputs = empty_inputs(p);
  const auto moved = [&](const tensor& from, tensor& to) {
    const std::size_t row =
        static_cast<std::size_t>(to.size() / (p.max_batch_size * p.max_seq_len)) * size_of(to.type());
    std::memset(to.data(), 0xff, static_cast<std::size_t>(to.size()) * size_of(to.type()));
    const auto held = static_cast<std::size_t>(s.problem.max_seq_len);
    for (std::int64_t q = 0; q < s.problem.max_batch_size; ++q)
      std::memcpy(to.data() + static_cast<std::size_t>(q * p.max_seq_len) * row,
                  from.data() + static_cast<std::size_t>(q) * held * row, held * row);
  };
  const auto is_cache = [](const std::string& name) { return name.ends_with("_cache"); };
  for (auto& [name, value] : inputs) {
    if (is_cache(name))
      moved(s.inputs.at(name), value);
    else
      value = s.inputs.at(name);
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "larger caches");
  tensor_set expected = s.outputs;
  for (auto& [name, value] : expected) {
    if (!is_cache(name)) continue;
    const auto shape = other.outputs.at(name).shape();
    tensor larger(value.type(), {shape.begin(), shape.end()});
    moved(value, larger);
    value = std::move(larger);
  }
  return difference(expected, other.outputs, "larger caches");
}

constexpr law<forward_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<forward_problem>,
     broken_run_to_run<forward_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<forward_problem>,
     broken_schedule<forward_problem>, failing_schedule<forward_problem>},
    {"unread_rows_change_nothing", claim::none, concerns_all<forward_problem>, broken_unread_rows},
    {"larger_caches_change_nothing", claim::none, concerns_larger_caches, broken_larger_caches},
    {"bad_arguments_refused", claim::none, concerns_all<forward_problem>, broken_forward_refusals},
};

}  // namespace

std::span<const law<forward_problem>> forward_laws() { return all; }

}  // namespace plumbline::laws
