// The generation loop as upstream has it, with a buffer of ids that masks fill, and what was proposed to
// change in it, one thing a flag.
#pragma once

#include "tests/claims/generation.hpp"

namespace plumbline::claims::drafting {

enum flaw : unsigned {
  memo_by_address = 1u << 0,       // embeddings kept under the address of the block's ids
  memo_by_contents = 1u << 1,      // ... under the ids
  memo_by_masks = 1u << 2,         // planted: ... under the ids behind the first
  crops_every_4_blocks = 1u << 3,  // the draft's cache, when 4 blocks divide the start
  masks_stripped = 1u << 4,        // every id that equals the mask is taken out of the text
  text_one_short = 1u << 5,        // planted: the text is cut a token early
  draft_is_sampled = 1u << 6,      // the draft draws its tokens at the target's temperature
  draft_in_int8 = 1u << 7,         // weights of the draft as int8 codes with a scale a row
  target_in_int8 = 1u << 8,        // ... of the target
  unchecked_draft = 1u << 9,       // planted: the draft's token stands where it was refused
};

generation_record run(const generation_problem&, const tensor_set& inputs, unsigned flaws);

}  // namespace plumbline::claims::drafting
