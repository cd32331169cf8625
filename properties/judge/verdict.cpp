#include "properties/judge/verdict.hpp"

#include <algorithm>

namespace plumbline {

std::string_view name_of(outcome o) {
  constexpr std::string_view names[] = {"pass", "fail", "mistrusted", "skipped"};
  return names[static_cast<int>(o)];
}

double verdict::budget_used() const {
  double largest = 0;
  for (const finding& one : findings)
    if (largest == largest && !(one.used <= largest)) largest = one.used;
  return largest;
}

const stage_verdict* first_outside(std::span<const stage_verdict> all) {
  for (const stage_verdict& one : all)
    if (one.judged.result == outcome::fail) return &one;
  return nullptr;
}

void conclude(verdict& v, bool truth_is_degenerate, std::string_view why_degenerate) {
  v.message.clear();
  for (const finding& one : v.findings)
    if (!one.passed()) {
      v.result = outcome::fail;
      v.message = one.message;
      return;
    }
  if (v.elements == 0) {
    v.result = outcome::mistrusted;
    v.message = "no element was compared";
  } else if (truth_is_degenerate) {
    v.result = outcome::mistrusted;
    v.message = why_degenerate;
  } else {
    v.result = outcome::pass;
  }
}

}  // namespace plumbline
