#include "properties/judge/element.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumbline::judging {
namespace {

double bounded_part(const judged_row& row, const judged_element& one) {
  return one.h + one.beta + row.noise.D0 * std::fabs(one.r) + row.noise.D1 * std::fabs(one.C);
}

double sigma_of(const judged_element& one) { return std::sqrt(one.s2 + one.s1) + exact_lane_floor * one.S1; }

}  // namespace

std::vector<budget_part> element_budget(const judged_row& row, const judged_element& one, double K) {
  const double drift = row.noise.c_dr * row.noise.groups * one.SB;
  return {{"output rounding", one.h},
          {"accumulation", drift},
          {"P flushed to zero", one.flushed},
          {"normaliser and merge", one.beta - drift - one.flushed},
          {"coherent P rounding", row.noise.D0 * std::fabs(one.r)},
          {"temperature", row.noise.D1 * std::fabs(one.C)},
          {"P rounding and score noise (" + in_words(K, 3) + " sigma)", K * sigma_of(one)}};
}

void element_test::add(const judged_row& row, std::vector<double>& used) {
  used.resize(row.elements.size());
  for (std::size_t k = 0; k < row.elements.size(); ++k) {
    const judged_element& one = row.elements[k];
    const double error = std::fabs(one.e), bounded = bounded_part(row, one), sigma = sigma_of(one);
    const double part = share(error, bounded + K_ * sigma);
    const double excess = error - bounded;
    if (excess > 0) z_ = std::max(z_, sigma > 0 ? excess / sigma : std::numeric_limits<double>::infinity());
    if (worse(part, used[k])) used[k] = part;
    if (!worse(part, used_)) continue;
    used_ = part;
    where_ = {row.unit, row.row, one.column};
    computed_ = one.x;
    truth_ = one.r;
    budget_ = element_budget(row, one, K_);
  }
}

finding element_test::finish(const row_name& name) const {
  finding out = finding_of("E", "out");
  out.used = used_;
  if (budget_.empty()) return out;
  out.where = in_words(where_, name);
  out.computed = computed_;
  out.truth = truth_;
  out.budget = budget_;
  out.message = error_message(used_, out.where, computed_, truth_, budget_);
  return out;
}

}  // namespace plumbline::judging
