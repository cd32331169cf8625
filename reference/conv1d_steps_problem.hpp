// conv1d.steps: calls in a row on two pools of states, which outlive each of them.
//
// A step is one call on some slots, `p5@0.3@2|c3@0|u1@0.1@2|s3a1@4`, its sequences separated by dots:
//   p  prefill of new sequences               pTOKENS@SLOT
//   c  prefill that goes on from the slot     cTOKENS@SLOT
//   u  update of as many tokens a sequence    uTOKENS@SLOT, of a tape uTOKENSaACCEPTED@SLOT
//   s  speculative update of packed drafts    sTOKENSaACCEPTED@SLOT
// Slots below `narrow` have width - 1 columns and take p, c and u in any order.  The others are tapes of
// width - 2 + drafts columns: p and c leave the window in the first columns; s reads behind what the step
// before had accepted less one; a u after s moves the accepted window to the first columns and goes on there.
// What would read a state where it is not is refused: c after s, an s whose count the draft before did not
// have, a step on a slot that nothing began.
//
// inputs   x (tokens of all steps, dim) with `gap` behind each; weight; bias; conv_states (narrow, dim, width
//          - 1) and conv_tapes (wide, dim, width - 2 + drafts) as they were; step_lists i32 and step_flags
//          u8: the index lists of the calls, one behind another, as `places_of` says
// outputs  out (tokens, dim), conv_states, conv_tapes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/conv1d_problem.hpp"

namespace plumbline::conv1d {

/// One sequence of a step.
struct step_part {
  std::int64_t tokens = 1, accepted = 1, slot = 0;

  friend bool operator==(const step_part&, const step_part&) = default;
};

struct step {
  char kind = 'p';  // p, c, u or s
  std::vector<step_part> parts;

  friend bool operator==(const step&, const step&) = default;
};

struct steps_problem : filter_shape {
  std::int64_t narrow = 1, wide = 0;  // slots of either pool
  std::int64_t drafts = 3;            // tokens of a draft, at most
  std::vector<step> steps;
};
bool operator==(const steps_problem&, const steps_problem&);

inline bool is_wide(const steps_problem& p, std::int64_t slot) { return slot >= p.narrow; }
inline std::int64_t tape_columns(const steps_problem& p) { return p.width - 2 + p.drafts; }
std::int64_t tokens_of(const step&);
std::int64_t tokens_of(const steps_problem&);

/// A call of a step: the parts of one pool.
struct step_call {
  std::size_t step;
  bool wide;
  std::int64_t first_token;      // row of x
  std::vector<step_part> parts;  // slots count within the pool
  std::int64_t lists, flags;     // where its lists begin: starts (n + 1), slots (n), accepted (n); flags (n)
};
/// Calls in order: a step on both pools is two, its narrow slots first; so is the order of its tokens.
std::vector<step_call> calls_of(const steps_problem&);
/// What step_lists and step_flags hold.
struct step_lists {
  int_list lists, flags;
};
step_lists lists_of(const steps_problem&);

/// Keys: steps, narrow, wide, drafts, and the filter's.
std::string to_text(const steps_problem&);
steps_problem parse_steps(const keyed_text&);
/// The list of steps as text, and back; throws bad_argument.
std::string text_of(const std::vector<step>&);
std::vector<step> steps_from(std::string_view text);

void check(const steps_problem&);
void check(const steps_problem&, const tensor_set& inputs);
tensor_set empty_inputs(const steps_problem&);
tensor_set make_outputs(const steps_problem&, const tensor_set& inputs);

}  // namespace plumbline::conv1d
