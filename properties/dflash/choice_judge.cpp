#include "properties/dflash/choice_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/core/numeric.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/words.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::dflash {

namespace {

constexpr double u = unit_roundoff(dtype::f32);
constexpr double exponent_error =
    judging::argument_rounding + 2 * u;  // beside the difference: T and division
constexpr double whole_numbers_end = 0x1p24;

/// c(t) against the uniform number, and how far the two may move: both times the number of tokens with a
/// weight where those are alike.
class steps_of_the_distribution {
 public:
  steps_of_the_distribution(std::span<const double> logits, std::span<const double> cumulative,
                            double temperature, double uniform)
      : at_(cumulative.begin(), cumulative.end()), slack_(logits.size()), target_(uniform) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0, before = 0, alike = 0;
    bool all_alike = true;
    for (std::size_t t = 0; t < logits.size(); ++t) {
      const double p = cumulative[t] - before, exponent = (largest - logits[t]) / temperature;
      before = cumulative[t];
      if (p > 0) sum += p * (exponent * exponent_error + kernels::exp2_soft_error);
      slack_[t] = sum;
      alike += logits[t] == largest;
      all_alike = all_alike && (logits[t] == largest || logits[t] == -HUGE_VAL);
    }
    const double additions = additions_of(static_cast<std::int64_t>(logits.size()));
    if (!all_alike || alike >= whole_numbers_end) {
      const double of_target = uniform * (sum + (additions + 1) * u) + of_double;
      for (std::size_t t = 0; t < logits.size(); ++t) slack_[t] += additions * u * cumulative[t] + of_target;
      return;
    }
    target_ = uniform * alike;  // exact: 24 bits times 24
    const double of_target = target_ == round_to(dtype::f32, target_) ? 0 : u * target_;
    double count = 0;
    for (std::size_t t = 0; t < logits.size(); ++t) {
      at_[t] = count += logits[t] == largest;
      slack_[t] = of_target;
    }
  }
  bool may_end_behind(std::size_t t) const { return at_[t] + slack_[t] > target_; }
  bool may_begin_behind(std::size_t t) const { return at_[t] - slack_[t] <= target_; }

 private:
  static constexpr double of_double = 0x1p-40;  // of the reference's own sums, beside steps of 2^-24

  std::vector<double> at_, slack_;
  double target_;
};

bool has_weight(std::span<const double> logits, std::int64_t t) {
  return logits[static_cast<std::size_t>(t)] > -HUGE_VAL;
}

}  // namespace

admissible_tokens admissible_of(std::span<const double> logits, std::span<const double> cumulative,
                                double temperature, double uniform) {
  const steps_of_the_distribution steps(logits, cumulative, temperature, uniform);
  const auto count = static_cast<std::int64_t>(logits.size());
  admissible_tokens set{count, -1, 0};
  std::int64_t weighted = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    if (!has_weight(logits, t)) continue;
    ++weighted;
    const auto i = static_cast<std::size_t>(t);
    if (!steps.may_end_behind(i) || (t > 0 && !steps.may_begin_behind(i - 1))) continue;
    set.first = std::min(set.first, t), set.last = t, ++set.count;
  }
  set.all = set.count == weighted && weighted > 1;
  return set;
}

verdict judge_drawn(std::span<const double> logits, std::span<const double> cumulative,
                    std::int64_t vocab_size, double temperature, std::span<const double> uniforms,
                    std::span<const double> tokens, const std::function<std::string(std::int64_t)>& name) {
  verdict v;
  finding set_test = judging::finding_of("set", "posterior");
  std::int64_t wrong = 0, several = 0, blind = 0;
  const auto width = static_cast<std::size_t>(vocab_size);
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    const auto of_row = logits.subspan(row * width, width);
    const admissible_tokens set =
        admissible_of(of_row, cumulative.subspan(row * width, width), temperature, uniforms[row]);
    ++v.elements;
    several += set.count > 1;
    blind += set.all;
    const double token = tokens[row];
    const bool right = token >= static_cast<double>(set.first) && token <= static_cast<double>(set.last) &&
                       has_weight(of_row, static_cast<std::int64_t>(token));
    ++v.used_histogram[right ? 0 : used_bins - 1];
    if (right || wrong++ > 0) continue;
    set_test.where = name(static_cast<std::int64_t>(row));
    set_test.computed = token;
    set_test.truth = static_cast<double>(set.first);
    set_test.message = "posterior at " + set_test.where + ": drew token " + judging::in_words(token, 9) +
                       ", admissible " + std::to_string(set.first) +
                       (set.first == set.last ? "" : " to " + std::to_string(set.last)) + " for uniform " +
                       judging::in_words(uniforms[row], 9);
  }
  if (wrong > 0) set_test.used = std::numeric_limits<double>::infinity();
  if (wrong > 1) set_test.message += "; " + std::to_string(wrong - 1) + " more outside their sets";
  v.findings.push_back(set_test);
  v.metrics["two_admissible"] = static_cast<double>(several);
  conclude(v, blind == v.elements, "any token may be drawn: the budget is wider than the data");
  return v;
}

}  // namespace plumbline::dflash
