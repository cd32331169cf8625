// dflash.steps: calls in a row on the cache of one draft layer, which outlives each of them.
//
// A step is one call on some slots, `p5@0.3@2|a2@0.0@2|c4@0`, its sequences separated by dots:
//   p  a sequence begins, or a slot is filled anew   pCONTEXT@SLOT, CONTEXT rows of the prompt
//   a  a block of which drafts were accepted before  aACCEPTED@SLOT, a context of ACCEPTED + 1 rows
//   c  the slot is cropped                           cKEEP@SLOT
// A p or a appends its context and block_size rows of the block behind what its slot holds (p: behind
// nothing), attends with the block's queries to all of it, and crops the block's rows off again: what the
// slot then holds is context alone, one row a committed token.  Nothing is ever written before the end of a
// slot's rows, and rows behind it are stale: the next step of the slot overwrites some and reads none.
//
// inputs   q (block_size rows a part, hq, d); k, v (new rows, hk, d), part after part; k_cache, v_cache
//          (slots, capacity, hk, d) as they were; step_lists i32: of each step with n parts the slots (n),
//          where the parts' new rows begin in k and v and the last end (n + 1), and what each slot holds
//          after the step (n)
// outputs  attended (as q), k_cache, v_cache, cache_seqlens (slots) i32: rows that each slot holds in the end
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

/// One sequence of a step: rows of the context (p), accepted drafts (a), rows to keep (c).
struct step_part {
  std::int64_t count = 0, slot = 0;

  friend bool operator==(const step_part&, const step_part&) = default;
};

struct step {
  char kind = 'p';  // p, a or c
  std::vector<step_part> parts;

  friend bool operator==(const step&, const step&) = default;
};

struct steps_problem {
  dtype type = dtype::bf16;  // of q, k, v, caches and attended
  std::int64_t slots = 1, capacity = 64;
  std::int64_t block_size = 4, hq = 4, hk = 1, d = 16;
  std::vector<step> steps;
  double softmax_scale = 0;  // 0: d^-0.5
  std::int64_t gap = 0;      // unused elements behind a row of q, k, v and the caches

  friend bool operator==(const steps_problem&, const steps_problem&) = default;
};

/// Rows of the context that a part appends; 0 of a crop.
std::int64_t context_of(char kind, const step_part&);

/// A step with the places of its rows.
struct step_call {
  char kind;
  std::vector<step_part> parts;
  std::int64_t first_query;  // row of q
  int_list new_rows;         // n + 1: where the parts' rows of k and v begin, and the last end
  int_list before, after;    // rows that each part's slot holds before the append and after the step
  std::int64_t lists;        // where its lists begin in step_lists
};
std::vector<step_call> calls_of(const steps_problem&);
/// What step_lists holds.
int_list lists_of(const steps_problem&);
/// A call of p or a as a call of `attention`, without the output projection (hidden_size 1).
attention_problem attention_of(const steps_problem&, const step_call&);

/// Keys: steps and the members' names; capacity is left out when it is what the steps need.
std::string to_text(const steps_problem&);
steps_problem parse_steps(const keyed_text&);
/// The list of steps as text, and back; throws bad_argument.
std::string text_of(const std::vector<step>&);
std::vector<step> steps_from(std::string_view text);

void check(const steps_problem&);
void check(const steps_problem&, const tensor_set& inputs);
tensor_set empty_inputs(const steps_problem&);
tensor_set make_outputs(const steps_problem&, const tensor_set& inputs);

}  // namespace plumbline::dflash
