// What double precision itself allows between two evaluations of the same attention.
//
// A score is a sum of dk products, the softmax a sum of n exponentials.  Rounding errors of a sum are random
// in sign, so they grow as the square root of its length (Higham and Mary, "A new approach to probabilistic
// rounding error analysis", 2019): two orders of evaluation differ by a few (sqrt(n) + sqrt(dk)) u (1 +
// |score|) relative to S1 = sum w |v|, u = 2^-53 (or 2^-24 for a result computed in float).  |score| <=
// |scale| |q| |k| by Cauchy-Schwarz; the constant 16 and the factors 4 and 8 pay for exp, log, division and
// short sums.
#pragma once

#include "reference/attention.hpp"

namespace plumbline::laws {

/// Largest |scale q.k| that a row of a unit can have, 0 for an empty unit.
double score_reach(const attention_unit&);

struct evaluation_slack {
  double relative;
  double lse(double l) const { return 4 * relative * (1 + (l < 0 ? -l : l)); }
  double out(double S1, double r) const { return 8 * relative * (S1 + (r < 0 ? -r : r)) + 0x1p-1000; }
};

/// `unit_roundoff`: 2^-53 when both sides were computed in double.
evaluation_slack slack_of(const attention_unit&, double unit_roundoff);

}  // namespace plumbline::laws
