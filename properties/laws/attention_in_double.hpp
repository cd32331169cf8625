// Truth and companions of an attention, each with its own error.
//
// A score is known to delta = slack_of(unit).relative, so a softmax weight is known to about delta of itself,
// and what is a sum over weights follows: r, S1, SB to delta of S1; C = sum w (s - sbar) v to delta of sum w
// (1 + |s - sbar|) |v|, at most (1 + sqrt(Vs)) max |v|; Vs to delta (Vs + 2 sqrt(Vs)).  The variances of P's
// rounding move with P: where p moves by delta p, the error d of its rounding moves by as much, whichever way
// it was rounded, so w^2 d^2 moves by 2 delta w^2 d, V0 by delta (V0 + sqrt(V0)) and A2 by delta (A2 +
// sqrt(A2) (max |v| + |r|)).  Factors are those of evaluation_slack.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/in_double.hpp"
#include "reference/attention.hpp"

namespace plumbline::laws {

/// Where a row of a unit lies in the outputs: row of `out`, element of `lse`.
struct attention_place {
  std::int64_t out_row, lse;
};

/// truth_OUT, companion_S1, _SB, _C, _A2 in `out_shape`; with `lse_shape` (may be empty: no lse) truth_lse,
/// companion_V0 and _Vs: of the first contract that `truth` has companions of.
std::vector<double_result> attention_in_double(
    const std::string& out, std::span<const std::int64_t> out_shape, std::span<const std::int64_t> lse_shape,
    std::span<const attention_unit> units, std::span<const attention_truth> truth,
    const std::function<attention_place(std::size_t unit, std::int64_t row)>& place_of);

}  // namespace plumbline::laws
