// What is committed is the target's own choice, whatever was drafted.
#include "properties/dflash/laws.hpp"
#include "properties/laws/presented.hpp"
#include "reference/core/index.hpp"

namespace plumbline::laws {

using dflash::accept_problem;

namespace {

using call = dflash_accept_subject;

std::string concerns_batch(const call& s) { return s.problem.b > 1 ? "" : "one sequence has one position"; }
std::string broken_batch(const call& s) {
  return s.problem.greedy() ? broken_row_order(s, s.problem.b, {"block", "logits"}, true)
                            : broken_row_order(s, s.problem.b, {"block", "logits", "uniforms"}, true);
}

std::string broken_gap(const call& s) {
  accept_problem p = s.problem;
  if (p.gap < 1000) p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  return broken_unused(s, p);
}

// Drafts that agree up to some position and nowhere behind it, but for a few.
std::string broken_drafts(const call& s) {
  random_stream choice(s.seed, "drafts");
  const accept_problem& p = s.problem;
  tensor_set inputs = s.inputs;
  tensor& block = inputs.at("block");
  const tensor& posterior = s.outputs.at("posterior");
  dflash::int_list agreeing;
  for (std::int64_t n = 0; n < p.b; ++n) {
    agreeing.push_back(choice.integer(0, p.block_size - 1));
    for (std::int64_t i = 1; i < p.block_size; ++i) {
      const std::int64_t e = n * p.block_size + i;
      const bool wrong = i == agreeing.back() + 1 || (i > agreeing.back() && choice.chance(0.5));
      const double target = posterior.value(e - 1);
      block.set_value(e, wrong ? target + (target > 0 ? -1 : 1) : target);
    }
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other drafts");
  tensor_set expected;
  expected.set("posterior", posterior);
  for (const char* name : {"accepted", "next_token"}) expected.set(name, tensor(dtype::i32, {p.b}));
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t accepted = agreeing[at(n)];
    expected.at("accepted").set_value(n, static_cast<double>(accepted));
    expected.at("next_token").set_value(n, posterior.value(n * p.block_size + accepted));
  }
  return difference(expected, other.outputs, "other drafts");
}

constexpr law<accept_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<accept_problem>,
     broken_run_to_run<accept_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch, broken_batch},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<accept_problem>,
     broken_schedule<accept_problem>, failing_schedule<accept_problem>},
    {"drafts_choose_no_token", claim::none, concerns_all<accept_problem>, broken_drafts},
    {"any_draft_is_lossless", claim::none, concerns_all<accept_problem>, broken_dflash_loop},
    {"unused_memory_changes_nothing", claim::none, concerns_all<accept_problem>, broken_gap},
    {"bad_arguments_refused", claim::none, concerns_all<accept_problem>, broken_dflash_refusals},
};

}  // namespace

std::span<const law<accept_problem>> dflash_accept_laws() { return rows; }

}  // namespace plumbline::laws
