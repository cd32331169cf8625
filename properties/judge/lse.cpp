#include "properties/judge/lse.hpp"

#include <cmath>

namespace plumbline::judging {

void lse_test::add(const place& where, double truth, double computed, double tolerance) {
  const double error = std::fabs(computed - truth);
  const double ratio = error == 0 ? 0 : error / tolerance;
  if (!worse(ratio, ratio_)) return;
  ratio_ = ratio;
  where_ = where;
  computed_ = computed;
  truth_ = truth;
  tolerance_ = tolerance;
}

finding lse_test::finish(const row_name& name) const {
  finding out = finding_of("L", "lse");
  out.used = used();
  if (where_.row < 0) return out;
  out.where = in_words(where_, name);
  out.computed = computed_;
  out.truth = truth_;
  out.budget = {{"log-sum-exp rounding (x" + in_words(K_, 3) + ")", K_ * tolerance_}};
  out.message = "lse: " + error_message(out.used, out.where, computed_, truth_, out.budget) +
                "; as if the row sum were " + as_percent(std::expm1(computed_ - truth_)) + " off";
  return out;
}

}  // namespace plumbline::judging
