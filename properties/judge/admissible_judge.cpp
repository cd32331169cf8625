#include "properties/judge/admissible_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/judge/constants.hpp"
#include "properties/judge/words.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {
namespace {

struct admissible {
  double low, high;
};

admissible set_of(dtype type, double exact, double magnitude) {
  // An infinite element decides the class of its pair; a copy has no reach.
  const double reach = !std::isfinite(magnitude) || magnitude == 0
                           ? 0
                           : judging::rotation_error * magnitude + judging::rotation_underflow;
  const overflow rule = size_of(type) == 1 ? overflow::saturate : overflow::ieee;  // as GPUs convert to fp8
  return {round_to(type, exact - reach, rule), round_to(type, exact + reach, rule)};
}

bool holds(const admissible& set, double exact, double magnitude, double computed) {
  if (std::isnan(exact)) return std::isnan(computed);
  if (magnitude == 0) return computed == set.low && std::signbit(computed) == std::signbit(set.low);
  return set.low <= computed && computed <= set.high;
}

}  // namespace

verdict judge_rotated(std::string_view output, dtype type, std::span<const double> exact,
                      std::span<const double> magnitude, std::span<const double> computed,
                      const std::function<std::string(std::int64_t i)>& name) {
  if (magnitude.size() != exact.size() || computed.size() != exact.size())
    throw bad_argument(std::string(output), "exact, magnitude and computed of one length");
  verdict v;
  finding set_test = judging::finding_of("set", output);
  std::int64_t wrong = 0, two = 0;
  double max_ulp = 0;
  bool all_zero = true;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ++v.elements;
    all_zero = all_zero && exact[i] == 0;
    const admissible set = set_of(type, exact[i], magnitude[i]);
    two += set.low != set.high;
    if (std::isfinite(exact[i]) && std::isfinite(computed[i]))
      max_ulp = std::max(max_ulp, std::fabs(computed[i] - exact[i]) / ulp(type, exact[i]));
    const bool right = holds(set, exact[i], magnitude[i], computed[i]);
    ++v.used_histogram[right ? 0 : used_bins - 1];
    if (right || wrong++ > 0) continue;
    const auto index = static_cast<std::int64_t>(i);
    set_test.where = name ? name(index) : "element " + std::to_string(index);
    set_test.computed = computed[i];
    set_test.truth = exact[i];
    set_test.message = std::string(output) + " at " + set_test.where + ": computed " +
                       judging::in_words(computed[i], 9) + ", true " + judging::in_words(exact[i], 9) +
                       " before rounding; admissible " + judging::in_words(set.low, 9) +
                       (set.low == set.high ? "" : " to " + judging::in_words(set.high, 9));
  }
  if (wrong > 0) set_test.used = std::numeric_limits<double>::infinity();
  if (wrong > 1) set_test.message += "; " + std::to_string(wrong - 1) + " more outside their sets";
  v.findings.push_back(set_test);
  v.metrics["max_ulp"] = max_ulp;
  v.metrics["two_admissible"] = static_cast<double>(two);
  conclude(v, all_zero, "the truth is all zero");
  return v;
}

}  // namespace plumbline
