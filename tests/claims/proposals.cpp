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

constexpr std::string_view mla_thread = "deepseek-ai/DeepSeek-V3 #684";
constexpr std::string_view conv1d_thread = "sgl-project/sglang #10552",
                           k_cache_thread = "codeflash/sglang #341",
                           attention_thread = "Dao-AILab/flash-attention #1236";

constexpr std::string_view marks_apart =
    "pad_slot_id is the number of no sequence; seq_lens_cpu is no smaller than the lengths (refused)";

proposal of_fast_path(std::string_view id, std::string_view statement, std::string_view subject,
                      std::string_view note = {}) {
  proposal p;
  p.id = id, p.source = mla_thread, p.statement = statement, p.note = note;
  p.written = subject, p.repaired = "mla_forward/repaired";
  p.expected = rejected, p.expected_repaired = accepted;
  return p;
}

const std::vector<proposal>& all_proposals() {
  static const std::vector<proposal> all = {
      of_fast_path("M0", "short path as proposed: the same output as before", "mla_forward/proposed",
                   "All nine points at once; it ends at the first shape or type that does not fit."),
      of_fast_path("M1", "the first 64 dims are rotated, the others not", "mla_forward/rotary_first"),
      of_fast_path("M2", "wkv_b holds all heads' keys, then all heads' values",
                   "mla_forward/parts_not_by_head"),
      of_fast_path("M3", "the shared rotary key is reshaped to every head", "mla_forward/key_of_every_head",
                   "One head alone has a view of that shape."),
      of_fast_path("M4", "queries and keys become their rotated parts", "mla_forward/rotary_alone"),
      of_fast_path("M5", "keys are cached unrotated, up-projections for latents",
                   "mla_forward/wrong_cache_rows"),
      of_fast_path("M6", "absorbed: only the new tokens are attended to", "mla_forward/cache_ignored"),
      of_fast_path("M7", "weights are not dequantized before absorption", "mla_forward/codes_as_weights"),
      of_fast_path("M8", "fp32 probabilities times bf16 values", "mla_forward/weights_not_cast"),
      of_fast_path("M9", "no mask for several tokens means not causal", "mla_forward/mask_dropped"),
      {.id = "M10",
       .source = mla_thread,
       .statement = "attention masks are handled",
       .written = "mla_forward/mask",
       .repaired = "mla_forward/mask_of_all_keys",
       .within = "mla_forward/mask_from_the_start",
       .condition = "no tokens are cached before (start_pos = 0)",
       .expected = conditional,
       .expected_repaired = accepted,
       .note = "The mask has a column a new token; repaired, one a key. All else is right here, hidden NaNs "
               "included."},
      {.id = "M11",
       .source = mla_thread,
       .statement = "256 tokens take the short path, 257 do not: no difference",
       .written = "mla_forward/beside_256",
       .expected = accepted,
       .note = "The boundary alone; all else is right in this subject."},
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
       .expected = accepted,
       .note = "Also held to the bytes of the original, of the same input."},
      {.id = "F1",
       .source = attention_thread,
       .statement = "split KV: parts of the keys, merged by their log-sum-exp",
       .written = "flash_decode_attend/split",
       .expected = accepted},
      {.id = "F2",
       .source = attention_thread,
       .statement = "query heads of a KV head in one tile, up to 4 tokens",
       .written = "flash_decode_attend/packed_decode",
       .expected = accepted,
       .note = "Packed and unpacked heads both keep the budget; their bits may differ."},
      {.id = "F3",
       .source = attention_thread,
       .statement = "the same for prefills of 64 tokens and more",
       .written = "flash_decode_attend/packed_prefill",
       .expected = accepted,
       .note = "Packed and unpacked heads both keep the budget; their bits may differ."},
      {.id = "F4",
       .source = attention_thread,
       .statement = "up to 15 times as fast; packing never slower",
       .expected = not_executable,
       .note = "Times of a GPU, which no verdict here looks at."}};
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
  static const operation* const all[] = {&claims::mla_forward(), &claims::conv1d_prefill(),
                                         &claims::quantize_store(), &claims::flash_decode_attend()};
  return all;
}

}  // namespace plumbline::program
