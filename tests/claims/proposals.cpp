#include "ci/plumbline/proposal.hpp"
#include "tests/claims/measured.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using program::judgement;
using program::proposal;

constexpr auto accepted = judgement::accepted, rejected = judgement::rejected,
               conditional = judgement::conditional, not_executable = judgement::not_executable,
               none = judgement::none;

constexpr std::string_view conv1d_thread = "sgl-project/sglang #10552",
                           k_cache_thread = "codeflash/sglang #341";

constexpr std::string_view marks_apart =
    "pad_slot_id is the number of no sequence; seq_lens_cpu is no smaller than the lengths (refused)";

const std::vector<proposal>& all_proposals() {
  static const std::vector<proposal> all = {
      {.id = "C1",
       .source = conv1d_thread,
       .statement = "old grid: a program a block, found in two lists",
       .written = "conv1d_prefill/old_grid",
       .repaired = "conv1d_prefill/old_grid_by_slot",
       .within = "conv1d_prefill/old_grid_marks_apart",
       .condition = marks_apart,
       .expected = conditional,
       .expected_repaired = accepted,
       .note = "The number of a sequence is compared with the mark of padding; repaired, only its slot is."},
      {.id = "C2",
       .source = conv1d_thread,
       .statement = "new grid: sequences by blocks, results unchanged",
       .written = "conv1d_prefill/new_grid",
       .repaired = "conv1d_prefill/new_grid_by_slot",
       .within = "conv1d_prefill/new_grid_marks_apart",
       .condition = marks_apart,
       .expected = conditional,
       .expected_repaired = accepted,
       .note = "Same bits as the old grid, which has the same flaw."},
      {.id = "C3",
       .source = conv1d_thread,
       .statement = "139 us to build the old grid, 17 us for the kernel",
       .expected = not_executable,
       .note = "Times of their machine; what building the lists takes here is measured."},
      {.id = "K1",
       .source = k_cache_thread,
       .statement = "amax, cached slices and broadcasting: the same output",
       .written = "quantize_store/rewrite",
       .expected = accepted}};
  return all;
}

}  // namespace

}  // namespace plumbline::claims

namespace plumbline::program {

proposal_list upstream_proposals() {
  return {
      &claims::all_proposals(),
      claims::measured,
      {"deepseek-ai/DeepSeek-V3 #684: gradient flow during backpropagation",
       "deepseek-ai/DeepSeek-V3 #684: convergence of training",
       "deepseek-ai/DeepSeek-V3 #684: distributed training", "z-lab/dflash #2: mixed-precision training"}};
}

std::span<const operation* const> upstream_subjects() {
  static const operation* const all[] = {&claims::conv1d_prefill(), &claims::quantize_store()};
  return all;
}

}  // namespace plumbline::program
