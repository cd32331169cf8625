// A, the amplitude: one signed number that says how much the output is scaled.
//
// The error is projected on the output itself, a = <r, e> / <r, r> with weights 1 / tau0^2.  Independent
// noise averages out, so scales a hundred times smaller than an element's noise show: a wrong normaliser,
// truncation for rounding, drift beyond the contract.  What may legitimately point along r is allowed for by
// name: the width of the coherent rounding of P, drift of sums, and the rounding of r itself, which is known.
// Filters: every row, every group of 64 columns over all rows, the tensor.
#pragma once

#include <vector>

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

/// One estimate of scale with what it may be.
struct scale_estimate {
  double a = 0;                    // signed share: -0.01 is 1 % too small
  double sd = 0;                   // its standard deviation
  std::vector<budget_part> known;  // what may point along r
  double allowance() const { return sum_of(known); }
  /// (|a| - allowance) / sd, at least 0.
  double statistic() const;
  double used(double K) const;
};

class amplitude_test {
 public:
  explicit amplitude_test(double rows) : K_row_(row_amplitude_threshold.at(rows)) {}
  void add(const judged_row& row);
  finding finish(const row_name& name) const;

  /// Largest scale that this row may be off by.
  double row_limit(const judged_row& row) const;

  double row_statistic() const { return row_z_; }
  double group_statistic() const;
  double tensor_statistic() const { return estimate_of(tensor_).statistic(); }
  /// The tensor's scale: "bias" of the report.
  scale_estimate tensor() const { return estimate_of(tensor_); }

 private:
  /// Sums over rows of a filter's weight times what a row contributes.
  struct pooled {
    double weight = 0, a = 0, rounding = 0, shifted = 0, drift = 0, sink = 0, score = 0, variance = 0;
    double coherent[coherent_shifts] = {};
  };
  void pool(const judged_row& row, std::int64_t begin, std::int64_t end, pooled& into);
  scale_estimate estimate_of(const pooled& sums) const;

  double K_row_, row_z_ = 0, row_used_ = 0;
  scale_estimate worst_;
  place where_;
  std::vector<pooled> groups_;
  pooled tensor_;
};

}  // namespace plumbline::judging
