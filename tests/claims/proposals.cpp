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

constexpr std::string_view dflash_thread = "z-lab/dflash #2";
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
      {.id = "S2",
       .source = dflash_thread,
       .statement = "embeddings kept under the address of the ids",
       .written = "dflash_generation/memo_by_address",
       .repaired = "dflash_generation/memo_by_contents",
       .expected = rejected,
       .expected_repaired = accepted,
       .note = "A later block finds an earlier one's embeddings; repaired, the ids themselves are the key."},
      {.id = "S4",
       .source = dflash_thread,
       .statement = "the draft's cache is cropped when 4 blocks divide the start",
       .written = "dflash_generation/crops_every_4_blocks",
       .expected = rejected,
       .note = "Starts advance by what was accepted. Nothing repairs it but a crop a round."},
      {.id = "S7-int8-draft",
       .source = dflash_thread,
       .statement = "INT8 on the draft: the text stays",
       .written = "dflash_generation/int8_draft",
       .expected = accepted,
       .note = "At temperature 0. Drafts differ, and with them the number of rounds."},
      {.id = "S7-int8-target",
       .source = dflash_thread,
       .statement = "INT8 on the target: the text stays",
       .written = "dflash_generation/int8_target",
       .expected = rejected},
      {.id = "S7-contiguous-call",
       .source = dflash_thread,
       .statement = "torch.contiguous() for better access",
       .expected = not_executable,
       .note = "There is no such function of the module; as a method of tensors it is S7-contiguous."},
      {.id = "S7-channel-first",
       .source = dflash_thread,
       .statement = "channel-first layout",
       .expected = not_executable,
       .note = "Attention tensors of 3 and 4 axes have no channels."},
      {.id = "S7-kernels",
       .source = dflash_thread,
       .statement = "custom CUDA kernels for bottlenecks",
       .expected = not_executable,
       .note = "No kernel was proposed."},
      {.id = "S8-strip",
       .source = "z-lab/dflash before #76",
       .statement = "every id that equals the mask is taken out of the text",
       .written = "dflash_generation/masks_stripped",
       .repaired = "dflash_generation/cut_by_position",
       .expected = rejected,
       .expected_repaired = accepted,
       .note = "The mask is a token that the target may choose."},
      {.id = "S8",
       .source = "z-lab/dflash #76",
       .statement = "the text is cut by position, not by value",
       .written = "dflash_generation/cut_by_position",
       .expected = accepted},
      {.id = "S10-distribution",
       .source = "z-lab/dflash e423446",
       .statement = "the draft samples too: the same distribution",
       .written = "dflash_generation/sampled_draft",
       .expected = accepted,
       .note = "With a uniform number for each position the text is the same, whatever the draft draws."},
      {.id = "S10-seed",
       .source = "z-lab/dflash e423446",
       .statement = "the draft samples too: the same text of one seed",
       .written = "dflash_generation/sampled_draft_in_turn",
       .expected = rejected,
       .note = "One generator serves both, and the draft's draws move the target's."},
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
  static const operation* const all[] = {&claims::dflash_generation(), &claims::mla_forward(),
                                         &claims::conv1d_prefill(), &claims::quantize_store(),
                                         &claims::flash_decode_attend()};
  return all;
}

}  // namespace plumbline::program
