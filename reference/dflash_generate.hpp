// dflash: the generation loop of one sequence.
//
// A round takes the last committed token and block_size - 1 masks, has the draft fill in the masks and the
// target answer the whole block, commits the drafts that agree and the target's token behind them, and crops
// both caches to what was committed.  What is committed is the target's own choice at every position,
// whatever the draft proposed: the loop is lossless, and a broken draft costs rounds alone.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

/// The draft as the loop sees it.
class drafter {
 public:
  virtual ~drafter() = default;
  /// Tokens of positions start + 1 .. start + block_size - 1, from a block whose first is known.  Its cache
  /// holds the keys below `first_position`; those of `context` committed positions from there on and of the
  /// block are new.
  virtual int_list draft(const int_list& block, std::int64_t first_position, std::int64_t context) = 0;
  /// Keeps the first n entries of its cache.
  virtual void crop(std::int64_t n) = 0;
};

/// The target as the loop sees it.
class verifier {
 public:
  virtual ~verifier() = default;
  /// The token behind a prompt.
  virtual std::int64_t prefill(const int_list& prompt) = 0;
  /// The tokens behind each of a block's, which stand at positions start, start + 1, ...
  virtual int_list verify(const int_list& block, std::int64_t start) = 0;
  virtual void crop(std::int64_t n) = 0;
};

struct generation {
  int_list prompt, stop_ids;
  std::int64_t max_new_tokens = 1, block_size = 4, mask_id = 0;
};

/// One round, and the state before it.
struct generation_round {
  std::int64_t start = 0;         // position of the block's first token
  std::int64_t context = 0;       // positions committed since the round before
  std::int64_t draft_cache = 0;   // entries before
  std::int64_t target_cache = 0;  // entries before
  int_list block;                 // as it went to the target
  std::int64_t accepted = 0;      // drafts that agreed
};

struct generated {
  int_list ids;  // prompt and what was committed, cut behind the first stop id
  std::vector<generation_round> rounds;
};

/// Throws bad_argument on a block or a prompt without tokens, and on a stop id that is the mask.
generated generate(const generation&, verifier& target, drafter& draft);

}  // namespace plumbline::dflash
