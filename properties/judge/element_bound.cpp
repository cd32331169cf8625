#include "properties/judge/element_bound.hpp"

#include <cmath>

namespace plumbline::judging {

double element_bound::add(std::int64_t row, const judged_element& one, std::vector<budget_part> parts) {
  const double part = share(std::fabs(one.e), sum_of(parts));
  if (!worse(part, used_)) return part;
  used_ = part;
  where_ = {0, row, one.column};
  computed_ = one.x;
  truth_ = one.r;
  budget_ = std::move(parts);
  return part;
}

finding element_bound::finish(const row_name& name) const {
  finding out = finding_of(test_, "out");
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
