// R, the root mean square of a row and of the tensor: many small errors that no single element shows.
//
// Q = sum e^2 / tau2 is about chi-square with nu degrees of freedom per unit of mean, where nu counts what is
// really independent (columns that carry different values, keys that carry the noise).  The cube root of a
// chi-square is nearly normal (Wilson and Hilferty), which gives one z for any nu.  Only too much is a fault:
// too little means a kernel that is better than its contract, or a contract that is too loose to see much.
#pragma once

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

class rms_test {
 public:
  explicit rms_test(double rows) : K_row_(row_rms_threshold.at(rows)) {}
  void add(const judged_row& row);
  finding finish(const row_name& name) const;

  /// Statistics of the worst row and of the tensor.
  double row_statistic() const { return row_z_; }
  double tensor_statistic() const;
  /// Rms of e / tau over the tensor: 1 when the kernel uses all of the declared noise.
  double rms() const;
  /// Share of the declared variance that is random noise, not output rounding.
  double noise_share() const;
  /// Largest rms that may pass, in units of the declared noise: of the worst row, of the tensor.
  double row_limit() const { return row_limit_; }
  double tensor_limit() const;
  std::int64_t count() const { return static_cast<std::int64_t>(count_); }

 private:
  double K_row_;
  double row_z_ = -1e300, row_used_ = 0, row_rms_ = 0, row_limit_ = 0;
  place worst_;
  double Q_ = 0, expected_ = 0, count_ = 0, columns_ = 0, freedom_ = 0, share_ = 0;
};

}  // namespace plumbline::judging
