#include "properties/judge/rows.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::judging {
namespace {

/// Wilson-Hilferty: X = chi-square / mean with 1 / one_over_nu degrees of freedom.
double normal_score(double X, double one_over_nu) {
  const double v = 2.0 / 9.0 * one_over_nu;
  return (std::cbrt(X) - (1 - v)) / std::sqrt(v);
}

double X_at(double K, double one_over_nu) {
  const double v = 2.0 / 9.0 * one_over_nu;
  const double root = 1 - v + K * std::sqrt(v);
  return root * root * root;
}

struct sums {
  double Q = 0, explained = 0, count = 0, share = 0;
  double expected() const { return std::max(count, explained); }
};

sums sums_of(const judged_row& row) {
  sums out;
  for (const judged_element& one : row.elements) {
    if (!(one.tau2 > 0)) continue;
    out.Q += one.e * one.e / one.tau2;
    out.explained += (one.rounding * one.rounding + one.s2 + one.s1) / one.tau2;
    out.share += (one.s2 + one.s1) / one.tau2;
    out.count += 1;
  }
  return out;
}

}  // namespace

void rms_test::add(const judged_row& row) {
  const sums here = sums_of(row);
  if (here.count == 0) return;
  const double X = here.Q / here.expected();
  const double z = normal_score(X, row.one_over_nu), limit = X_at(K_row_, row.one_over_nu);
  row_z_ = std::max(row_z_, z);
  if (worst_.row < 0 || worse(X / limit, row_used_)) {
    row_used_ = X / limit;
    row_rms_ = std::sqrt(X);
    row_limit_ = std::sqrt(limit);
    worst_ = {row.unit, row.row, -1};
  }
  Q_ += here.Q;
  expected_ += here.expected();
  count_ += here.count;
  share_ += here.share;
  columns_ += row.columns;
  freedom_ += row.columns * row.columns *
              (row.duplicates * (row.one_over_nu - row.rounding_freedom) +
               std::max(row.duplicates, row.repeats) * row.rounding_freedom);
}

double rms_test::rms() const { return expected_ > 0 ? std::sqrt(Q_ / expected_) : 0; }
double rms_test::noise_share() const { return count_ > 0 ? share_ / count_ : 0; }

double rms_test::tensor_statistic() const {
  return expected_ > 0 ? normal_score(Q_ / expected_, freedom_ / (columns_ * columns_)) : -1e300;
}

double rms_test::tensor_limit() const {
  return count_ > 0 ? std::sqrt(X_at(tensor_rms_threshold.K0, freedom_ / (columns_ * columns_))) : 0;
}

finding rms_test::finish(const row_name& name) const {
  finding out = finding_of("R", "out");
  if (count_ == 0) return out;
  const double limit = tensor_limit();
  const double tensor_used = Q_ / expected_ / (limit * limit);
  const bool row_is_worse = worse(row_used_, tensor_used);
  out.used = row_is_worse ? row_used_ : tensor_used;
  out.where = row_is_worse ? in_words(worst_, name) : "tensor";
  out.computed = row_is_worse ? row_rms_ : rms();
  out.truth = 1;
  out.budget = {{"declared noise", 1}, {"chance", (row_is_worse ? row_limit_ : limit) - 1}};
  out.message = "rms error of " + std::string(row_is_worse ? out.where : "the whole output") + " is " +
                in_words(out.computed, 3) + " times the declared noise, at most " +
                in_words(sum_of(out.budget), 3) +
                " by chance; everywhere a little too much, no single element";
  return out;
}

}  // namespace plumbline::judging
