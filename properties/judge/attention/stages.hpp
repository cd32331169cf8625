// Stages of attention: which step of a kernel leaves its budget first.
//
// Each step is judged against the truth of what the kernel itself had before it, so an error is charged where
// it was made and nowhere else.  Scores are products of the inputs, held to the product judge.  A row maximum
// is one of the split's own scores, exactly.  Row sum, partial output and log-sum-exp are those of a softmax
// over the split's own scores: the reference attends to them once more, as to keys of one column, so that
// their budgets are the ones of the whole.  The combined output is a softmax over the kernel's own partials
// in the same way.
//
// A key that no split scored, or two, is a fault of the scores; a number that was never shown is one of its
// stage, and so is one of a row that no query has: whoever computes it reads or writes beyond what it was
// asked for.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/judge/attention/judge.hpp"
#include "properties/judge/verdict.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/taps.hpp"

namespace plumbline {

/// A call with what it showed.
struct tapped_call {
  std::span<const attention_unit> units;
  std::function<std::int64_t(std::size_t unit, std::int64_t row)> row_of;  // of `out`, as tapped::row
  const contract& promised;
  const tap_record& taps;                      // sorted
  std::span<const attention_output> computed;  // of each unit
  row_name name;
  /// Units hold the keys that a row sees and no others (index lists, masks): taps count keys as the kernel
  /// does, so the i-th of a row that was scored is key i.
  bool listed = false;
};

/// All stages in their order; none when the call showed nothing, or more than a record keeps.
std::vector<stage_verdict> judge_stages(const tapped_call&);
/// Why there are none: how many numbers of which kind were shown and are kept, or that none was; empty where
/// there are stages.
std::string why_no_stages(const tap_record&);

namespace judging {

/// What a split knows of a row.
struct split_of_row {
  std::size_t unit = 0;
  std::int64_t row = 0, split = 0;
  std::vector<std::int64_t> keys;
  std::vector<double> scores;
  /// Of numbers that are one a split: NaN with `shown` false.
  struct number {
    bool shown = false;
    double value = 0;
  };
  number row_max, row_sum, partial_lse;
  std::vector<double> partial_out;  // (dv), or empty: not all of it was shown
  /// Scores that further stages can be judged by.
  bool has_finite_scores() const;
};

/// The numbers of a call by row and split, in that order.
std::vector<split_of_row> splits_of(const tapped_call&);

verdict judge_scores(const tapped_call&, std::span<const split_of_row>);
verdict judge_row_maxima(const tapped_call&, std::span<const split_of_row>);
/// row_sum, partial_out, partial_lse.
std::vector<stage_verdict> judge_partials(const tapped_call&, std::span<const split_of_row>);
verdict judge_combined(const tapped_call&, std::span<const split_of_row>);

/// A finding without a budget: this is as it must be, or it is not.
finding exact_finding(std::string_view stage, std::string message);
/// "sequence 2, query 1, head 5, split 3".
std::string name_of(const tapped_call&, const split_of_row&);

}  // namespace judging
}  // namespace plumbline
