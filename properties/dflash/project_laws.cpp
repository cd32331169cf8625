// What a row gives depends on that row, its position and the weights: not on its batch, not on whether other
// rows are there, not on which launch it falls into.
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/laws/presented.hpp"

namespace plumbline::laws {

using dflash::project_problem;

namespace {

std::string concerns_batch(const dflash_project_subject& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}
std::string broken_batch(const dflash_project_subject& s) {
  return broken_row_order(s, s.problem.b, {"hidden", "context", "cos", "sin"}, true);
}

std::string broken_gap(const dflash_project_subject& s) {
  project_problem p = s.problem;
  if (p.gap < 1000) p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  return broken_unused(s, p);
}

// Every other way to the same keys and values.
std::string broken_ways(const dflash_project_subject& s) {
  for (const auto& row : variants_of<project_problem>(s.where.kernels())) {
    if (row.name == s.row.name) continue;
    const dflash_project_subject other{s.problem,  s.inputs, s.outputs, row,
                                       s.promised, s.where,  s.options, s.seed};
    const attempt theirs = other.run(s.problem, s.inputs);
    const std::string what = "variant " + std::string(row.name);
    if (theirs.why_not) return describe(*theirs.why_not, what);
    if (std::string found = difference(s.outputs, theirs.outputs, what); !found.empty()) return found;
  }
  return "";
}

// Rows [first, first + count) of axis 1.
tensor middle(const tensor& from, std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> shape(from.shape().begin(), from.shape().end());
  shape[1] = count;
  tensor to(from.type(), shape);
  const std::int64_t all = from.dim(1), row = from.size() / (from.dim(0) * all);
  for (std::int64_t i = 0; i < to.size(); ++i)
    to.set_code(i, from.code((i / (row * count) * all + first + i / row % count) * row + i % row));
  return to;
}

std::string concerns_context(const dflash_project_subject& s) {
  return s.problem.context_len > 0 ? "" : "there is no context";
}
std::string broken_block_alone(const dflash_project_subject& s) {
  project_problem p = s.problem;
  const std::int64_t context = p.context_len, block = p.block_size;
  p.context_len = 0;
  tensor_set inputs = s.inputs;
  inputs.set("context", empty_inputs(p).at("context"));
  for (const char* name : {"cos", "sin"}) inputs.set(name, middle(s.inputs.at(name), context, block));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the block alone");
  tensor_set expected = s.outputs;
  for (auto& [name, value] : expected)
    if (value.dim(1) != block) value = middle(s.outputs.at(name), context, block);
  return difference(expected, other.outputs, "the block alone");
}

constexpr law<project_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<project_problem>,
     broken_run_to_run<project_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch, broken_batch},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<project_problem>,
     broken_schedule<project_problem>, failing_schedule<project_problem>},
    {"same_bits_in_every_way", claim::none, concerns_all<project_problem>, broken_ways},
    {"block_needs_no_context", claim::none, concerns_context, broken_block_alone},
    {"unused_memory_changes_nothing", claim::none, concerns_all<project_problem>, broken_gap},
    {"bad_arguments_refused", claim::none, concerns_all<project_problem>, broken_dflash_refusals},
};

}  // namespace

std::span<const law<project_problem>> dflash_project_laws() { return rows; }

}  // namespace plumbline::laws
