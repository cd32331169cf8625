// L, the log-sum-exp: one number a row that sees masks, dropped or doubled keys, scale and rotation errors.
//
// The error of a sum of n terms grows like sqrt(n), the rest is ulps of scores and logarithm, the drift that
// all scores share, and P's rounding when the row sum is taken from the rounded P.  Base-2 results are
// converted by the caller.  A row that sees no key must hold exactly -inf: that is the class test's.
#pragma once

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

class lse_test {
 public:
  explicit lse_test(double rows) : K_(lse_threshold.at(rows)) {}
  /// A row whose truth and computed value are finite.
  void add(const place& where, double truth, double computed, double tolerance);
  finding finish(const row_name& name) const;
  double statistic() const { return ratio_; }
  double used() const { return ratio_ / K_; }

 private:
  double K_, ratio_ = 0, computed_ = 0, truth_ = 0, tolerance_ = 0;
  place where_;
};

}  // namespace plumbline::judging
