#include "properties/judge/amplitude.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumbline::judging {
namespace {

/// Projections on r, with weights 1 / tau0^2, over the columns [begin, end) of a row.
struct projection {
  double weight = 0;  // sum g^2 / tau0^2
  double e = 0, C = 0, rounding = 0, shifted = 0, beta2 = 0;
  double dither = 0;  // share of the noise that is output rounding
};

/// Far below its own noise a row says nothing about its scale; E still judges its elements.
bool measurable(double weight) { return weight > std::numeric_limits<double>::epsilon(); }

projection project(const judged_row& row, std::int64_t begin, std::int64_t end) {
  projection p;
  for (const judged_element& one : row.elements) {
    if (one.column < begin || one.column >= end || !(one.tau0_2 > 0)) continue;
    const double g = one.r / one.tau0_2;
    p.weight += g * one.r;
    p.e += g * one.e;
    p.C += g * one.C;
    p.rounding += g * one.rounding;
    p.shifted += g * one.shifted;
    p.dither += g * g * one.dither;
    p.beta2 += g * one.beta * (g * one.beta);
  }
  if (measurable(p.weight)) {
    p.e /= p.weight;
    p.C /= p.weight;
    p.rounding /= p.weight;
    p.shifted /= p.weight;
    p.dither /= p.weight;
    p.beta2 /= p.weight * p.weight;
  }
  return p;
}

double variance_of(const judged_row& row, const projection& p) {
  return row.lambda / p.weight + row.noise.V0 + row.noise.Vb * p.C * p.C + p.beta2;
}

/// What the row adds to the variance of a mean over rows: identical queries repeat all of its noise, equal
/// outputs repeat their rounding.
double pooled_variance_of(const judged_row& row, const projection& p) {
  const double rounding = row.lambda / p.weight * p.dither;
  return row.duplicates * (variance_of(row, p) - rounding) + std::max(row.duplicates, row.repeats) * rounding;
}

scale_estimate estimate_of_row(const judged_row& row, const projection& p) {
  return {p.e,
          std::sqrt(variance_of(row, p)),
          {{"coherent P rounding", row.noise.D0 - row.noise.D0_sink},
           {"sink", row.noise.D0_sink},
           {"temperature", row.noise.D1 * std::fabs(p.C)},
           {"output rounding", std::max(std::fabs(p.rounding), std::fabs(p.shifted))},
           {"accumulation", row.noise.c_dr * row.noise.groups}}};
}

}  // namespace

double scale_estimate::statistic() const {
  const double excess = std::fabs(a) - allowance();
  return excess <= 0 ? 0 : excess / sd;
}

double scale_estimate::used(double K) const { return a == 0 ? 0 : std::fabs(a) / (allowance() + K * sd); }

void amplitude_test::pool(const judged_row& row, std::int64_t begin, std::int64_t end, pooled& into) {
  const projection p = project(row, begin, end);
  if (!measurable(p.weight)) return;
  const row_noise& n = row.noise;
  into.weight += p.weight;
  into.a += p.weight * p.e;
  into.rounding += p.weight * p.rounding;
  into.shifted += p.weight * p.shifted;
  into.drift += p.weight * n.c_dr * n.groups;
  into.sink += p.weight * n.D0_sink;
  into.score += p.weight * n.D1_score * std::fabs(p.C);
  into.variance += p.weight * p.weight * pooled_variance_of(row, p);
  for (std::size_t t = 0; t < coherent_shifts; ++t)
    into.coherent[t] += p.weight * (n.delta[t] + p.C * n.slope[t]);
}

void amplitude_test::add(const judged_row& row) {
  const auto columns = static_cast<std::int64_t>(row.columns);
  pool(row, 0, columns, tensor_);
  if (columns > group_columns) {
    groups_.resize(std::max(groups_.size(), static_cast<std::size_t>((columns - 1) / group_columns + 1)));
    for (std::size_t k = 0; k < groups_.size(); ++k) {
      const auto begin = static_cast<std::int64_t>(k) * group_columns;
      pool(row, begin, begin + group_columns, groups_[k]);
    }
  }
  const projection p = project(row, 0, columns);
  if (!measurable(p.weight)) return;
  const scale_estimate here = estimate_of_row(row, p);
  row_z_ = std::max(row_z_, here.statistic());
  const double used = here.used(K_row_);
  if (where_.row >= 0 && !worse(used, row_used_)) return;
  row_used_ = used;
  worst_ = here;
  where_ = {row.unit, row.row, -1};
}

double amplitude_test::row_limit(const judged_row& row) const {
  const projection p = project(row, 0, static_cast<std::int64_t>(row.columns));
  if (!measurable(p.weight)) return std::numeric_limits<double>::infinity();
  const scale_estimate here = estimate_of_row(row, p);
  return here.allowance() + K_row_ * here.sd;
}

scale_estimate amplitude_test::estimate_of(const pooled& s) const {
  if (!(s.weight > 0)) return {};
  double coherent = 0;
  for (double shift : s.coherent) coherent = std::max(coherent, std::fabs(shift));
  return {s.a / s.weight,
          std::sqrt(s.variance) / s.weight,
          {{"coherent P rounding", temperature_reserve * coherent / s.weight},
           {"sink", s.sink / s.weight},
           {"temperature", s.score / s.weight},
           {"output rounding", std::max(std::fabs(s.rounding), std::fabs(s.shifted)) / s.weight},
           {"accumulation", s.drift / s.weight}}};
}

double amplitude_test::group_statistic() const {
  double z = 0;
  for (const pooled& group : groups_) z = std::max(z, estimate_of(group).statistic());
  return z;
}

finding amplitude_test::finish(const row_name& name) const {
  finding out = finding_of("A", "out");
  if (where_.row < 0) return out;
  scale_estimate worst = worst_;
  double K = K_row_;
  out.used = row_used_;
  out.where = in_words(where_, name);
  const auto consider = [&](const scale_estimate& one, double threshold, std::string where) {
    const double used = one.used(threshold);
    if (!worse(used, out.used)) return;
    out.used = used;
    out.where = std::move(where);
    worst = one;
    K = threshold;
  };
  const double K_group = group_amplitude_threshold.at(static_cast<double>(groups_.size()));
  for (std::size_t k = 0; k < groups_.size(); ++k)
    consider(estimate_of(groups_[k]), K_group,
             "columns " + std::to_string(static_cast<std::int64_t>(k) * group_columns) + " to " +
                 std::to_string(static_cast<std::int64_t>(k + 1) * group_columns - 1) + " of all rows");
  consider(tensor(), tensor_amplitude_threshold.K0, "tensor");
  out.computed = 1 + worst.a;
  out.truth = 1;
  out.budget = worst.known;
  out.budget.push_back({"chance (" + in_words(K, 3) + " sigma)", K * worst.sd});
  out.message = "output scale of " + (out.where == "tensor" ? std::string("the whole output") : out.where) +
                " is " + as_percent(worst.a) + " off, +- " + in_words(100 * worst.sd, 2) + " %; error " +
                in_words(out.used, 3) + "x budget; budget " + in_words(out.budget);
  return out;
}

}  // namespace plumbline::judging
