#include "properties/judge/classes.hpp"

#include <cmath>
#include <limits>

#include "reference/core/formats.hpp"

namespace plumbline::judging {
namespace {

bool same_class(double truth, double computed, dtype type, double reach) {
  const number_class found = class_of(computed);
  if (std::isnan(truth)) return found == number_class::nan;
  return found == class_of(round_to(type, truth)) || found == class_of(round_to(type, truth - reach)) ||
         found == class_of(round_to(type, truth + reach));
}

}  // namespace

number_class class_of(double x) {
  if (std::isnan(x)) return number_class::nan;
  if (std::isinf(x)) return x > 0 ? number_class::plus_infinity : number_class::minus_infinity;
  return number_class::finite;
}

void class_test::add(const place& where, double truth, double computed, dtype type, double reach) {
  ++compared_;
  if (same_class(truth, computed, type, reach)) return;
  if (wrong_++ > 0) return;
  first_ = where;
  computed_ = computed;
  truth_ = truth;
}

finding class_test::finish(std::string_view output, const row_name& name) const {
  finding out = finding_of("class", output);
  if (wrong_ == 0) return out;
  out.used = std::numeric_limits<double>::infinity();
  out.where = in_words(first_, name);
  out.computed = computed_;
  out.truth = truth_;
  out.message = std::string(output) + " at " + out.where + ": computed " + in_words(computed_) + ", true " +
                in_words(truth_, 6);
  if (wrong_ > 1) out.message += "; " + std::to_string(wrong_ - 1) + " more places of the wrong class";
  return out;
}

}  // namespace plumbline::judging
