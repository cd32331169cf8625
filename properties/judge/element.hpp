// E, every element: what exceeds the bounded errors must look like the declared noise.
//
// The rounding of the output, drift and coherent effects are bounded terms, not part of sigma; only the
// excess over them is measured in standard deviations: |e| <= h + beta + D0 |r| + D1 |C| + K sqrt(s2 + s1).
// Where nothing random is left (one-hot rows, equal powers of two: A2 = V0 = 0) the same line demands the
// correctly rounded result, so exact lanes need no test of their own.  H may still be the tighter one.
#pragma once

#include <vector>

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

/// The budget of one element at threshold K, part by part.
std::vector<budget_part> element_budget(const judged_row& row, const judged_element& one, double K);

class element_test {
 public:
  /// `elements`: how many the whole tensor has, for the union bound.
  explicit element_test(double elements) : K_(element_threshold.at(elements)) {}
  /// Adds a row; used[k] is raised to the part of this budget that element k uses, if that is larger.
  void add(const judged_row& row, std::vector<double>& used);
  finding finish(const row_name& name) const;
  double used() const { return used_; }
  double statistic() const { return z_; }
  double K() const { return K_; }

 private:
  double K_, z_ = 0;
  double used_ = 0, computed_ = 0, truth_ = 0;
  place where_;
  std::vector<budget_part> budget_;
};

}  // namespace plumbline::judging
