// deepseek-ai/DeepSeek-V3 #684: a short path of the MLA module for up to 256 tokens without a mask.
//
// The path is two batched products around an fp32 softmax.  Nine things were wrong with it; each is a subject
// of its own, alone in code that is otherwise right, and all of them together are the code as it was
// proposed.  Repaired, scores stay in fp32 and a call that the path does not take goes to the chain of
// kernels.
#pragma once

#include "kernels/core/variant.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::claims::short_path {

enum flaw : unsigned {
  rotary_first = 1u << 0,           // the first dims are taken for the rotary ones, of queries and of latents
  parts_not_by_head = 1u << 1,      // W_UK of all heads, then W_UV of all heads
  key_of_every_head = 1u << 2,      // the one rotary key is reshaped to all heads
  rotary_alone = 1u << 3,           // the rotated parts take the place of whole queries and keys
  wrong_cache_rows = 1u << 4,       // the key is cached before its rotation; for the latent what it became
  cache_ignored = 1u << 5,          // in its absorbed form only new tokens are attended to
  codes_as_weights = 1u << 6,       // W_UK and W_UV are read without their scales
  weights_not_cast = 1u << 7,       // fp32 probabilities times values of the model's type
  mask_dropped = 1u << 8,           // taken without a mask where one is meant
  mask_of_new_tokens = 1u << 9,     // the mask has a column for each new token alone
  takes_masks = 1u << 10,           // attends by itself where there is a mask, too
  scale_without_rotary = 1u << 11,  // planted: the softmax scale of the dims without position
  keys_cut_at_256 = 1u << 12,       // planted: room for as many keys as the path takes tokens
  mask_one_short = 1u << 13         // planted: a token does not see itself
};
constexpr unsigned as_proposed = (1u << 9) - 1;

constexpr std::int64_t most_tokens = 256;

/// Runs the path on any number of tokens, with these flaws.
void run(const mla::forward_problem&, const kernel_arguments&, unsigned flaws);

}  // namespace plumbline::claims::short_path
