// Drafting a text with two small models, as a problem: prompt, weights and uniform numbers in, text out.
//
// The truth is the reference's loop of reference/dflash_generate.hpp with its models in double.  A proposal
// changes the loop, so every round's state is an output: where it began, what the draft's cache held, which
// block was drafted from which embeddings.
//
// inputs   prompt (prompt_len) i32; uniforms f32 in [0, 1), of a position or in the order of draws;
//          target_* and draft_*: weights of two models, f32; target_embed_weight, target_lm_head_weight
// outputs  ids (prompt_len + max_new) i32: the text, behind it -1; rounds (max_new, 3) i32: position of the
//          block's first token, drafts accepted, rows of the draft's cache before; blocks (max_new,
//          block_size) i32 as drafted; noise f32 (max_new, block_size, width): embeddings that the draft saw;
//          rounds that did not happen: -1, and 0 of noise
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_model.hpp"

namespace plumbline::claims {

struct generation_problem {
  std::int64_t prompt_len = 2, max_new = 4, block_size = 3, vocab_size = 3;
  std::int64_t mask_id = 0;      // a token like any other
  std::int64_t layers = 1;       // of both models
  double temperature = 0;        // of the target; below 1e-5 the largest logit is taken
  bool numbers_in_turn = false;  // a draw takes the next uniform number; else that of its position

  friend bool operator==(const generation_problem&, const generation_problem&) = default;
};

std::string to_text(const generation_problem&);
generation_problem parse_generation(const keyed_text&);
void check(const generation_problem&);
void check(const generation_problem&, const tensor_set& inputs);
tensor_set empty_inputs(const generation_problem&);
tensor_set make_outputs(const generation_problem&);

/// Shape of both models of a problem.
dflash::decoder_shape shape_of(const generation_problem&);

/// The target's or the draft's own view of a text.
class target_model {
 public:
  target_model(const generation_problem&, const tensor_set& inputs);
  /// Logits of tokens at positions start on; rows behind `start` in the cache.
  std::vector<double> logits(const dflash::int_list& ids, std::int64_t start);
  void crop(std::int64_t n);
  std::int64_t rows() const { return cache_.rows; }
  /// What the draft's context is made of, for the first rows of the last call.
  std::vector<double> features(std::int64_t rows) const;
  std::vector<double> embedded(const dflash::int_list& ids) const;
  std::vector<double> head(const std::vector<double>& rows) const;

 private:
  const generation_problem& p_;
  const tensor_set& inputs_;
  dflash::decoder model_;
  dflash::decoder_cache cache_;
  std::vector<std::vector<double>> states_;
};

class draft_model {
 public:
  draft_model(const generation_problem&, const tensor_set& inputs);
  /// Logits of the block's positions behind its first, from embeddings, the context's features, and the
  /// angles of positions first on, one a new key.
  std::vector<double> logits(const target_model&, std::vector<double> noise,
                             const std::vector<double>& features, const dflash::rotary_rows& angles);
  void crop(std::int64_t n);
  std::int64_t rows() const { return cache_.rows; }

 private:
  const generation_problem& p_;
  dflash::decoder model_;
  dflash::decoder_cache cache_;
};

/// Angles of positions [first, first + count).
dflash::rotary_rows angles_of(const generation_problem&, std::int64_t first, std::int64_t count);

/// Tokens from rows of logits: the largest, or one a row by the inverse of the distribution function.
dflash::int_list chosen(const generation_problem&, const std::vector<double>& logits,
                        const std::vector<double>& uniforms);
/// Uniform numbers as the target draws them: of `count` positions from `first` on, or the next ones.
class uniform_source {
 public:
  uniform_source(const generation_problem&, const tensor_set& inputs);
  std::vector<double> take(std::int64_t first, std::int64_t count);

 private:
  const generation_problem& p_;
  std::vector<double> all_;
  std::size_t next_ = 0;
};

/// What a loop leaves, as outputs.
struct generation_record {
  struct round {
    std::int64_t start, accepted, draft_rows;
    dflash::int_list block;
    std::vector<double> noise;
  };
  dflash::int_list ids;
  std::vector<round> rounds;
};
/// `outputs` as make_outputs made them.
void put(const generation_problem&, const generation_record&, tensor_set& outputs);
/// The reference's loop.
generation_record true_generation(const generation_problem&, const tensor_set& inputs);

}  // namespace plumbline::claims
