#include "properties/external_case.hpp"

#include <algorithm>

#include "properties/in_double.hpp"
#include "properties/judge/joined.hpp"
#include "properties/laws/subject.hpp"

namespace plumbline {

std::string group_of(const recorded_case& c) { return c.function + "/" + c.name; }

external_judgement unsupported(const recorded_case& c, const std::string& why) {
  return {group_of(c), "unsupported", outcome::skipped, 0, why};
}

external_judgement unreadable(const recorded_case& c, const std::string& why) {
  return {group_of(c), "unreadable", outcome::fail, 0, why};
}

external_judgement as_outputs(const recorded_case& c, const verdict& v) {
  external_judgement e = {group_of(c), "outputs", v.result, v.budget_used(), v.message, v.metrics};
  if (v.result != outcome::fail) return e;
  for (const finding& f : v.findings)  // the sentence of the test that gives `used`
    if (!f.passed() && !f.message.empty() && (f.used == e.used || (f.used != f.used && e.used != e.used))) {
      e.message = f.message;
      break;
    }
  return e;
}

verdict mistrusted_without_budget(verdict v, const tensor_set& inputs) {
  if (v.result != outcome::fail) return v;
  const auto no_budget = [](const finding& f) {
    double sum = 0;
    for (const budget_part& part : f.budget) sum += part.value;
    return !f.passed() && (std::isnan(f.used) || std::isnan(sum));
  };
  for (const finding& f : v.findings)
    if (!f.passed() && !no_budget(f)) return v;
  for (const auto& [name, values] : inputs) {
    const std::vector<double> all = values.values();
    const auto first = std::find_if(all.begin(), all.end(), [](double x) { return !std::isfinite(x); });
    if (first == all.end()) continue;
    std::erase_if(v.findings, no_budget);
    v.result = outcome::mistrusted;
    v.message = "no budget follows from an input that is not finite: " + name + " holds " +
                laws::shown(*first) + " (element " + std::to_string(first - all.begin()) + ")";
    return v;
  }
  return v;
}

external_judgement worst(const external_judgement& a, const external_judgement& b) {
  const auto rank = [](const external_judgement& j) {
    if (j.result == outcome::fail) return 3;
    if (j.kind == "unsupported") return 2;
    return j.result == outcome::mistrusted ? 1 : 0;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b) ? a : b;
  return a.used >= b.used ? a : b;
}

external_judgement worst(const recorded_case& c, std::span<const external_judgement> found) {
  if (found.empty()) {
    const auto line = c.options.find("case");
    const bool ours = line != c.options.end() && line->second.rfind("plumbline", 0) == 0;
    return ours || holds_doubles(c) ? unsupported(c, "holds no outputs: replay it")
                                    : unreadable(c, "holds neither outputs nor expected_*");
  }
  external_judgement all = found.front();
  std::map<std::string, double> metrics;
  for (const external_judgement& one : found) {
    if (&one != &found.front()) all = worst(all, one);
    if (one.kind == "outputs") add_metrics(metrics, one.metrics);
  }
  all.metrics = std::move(metrics);
  return all;
}

verdict of_output(verdict v, std::string_view output) {
  std::erase_if(v.findings, [&](const finding& f) { return f.output != output; });
  if (v.result == outcome::fail) {
    v.result = outcome::pass, v.message.clear();
    for (const finding& f : v.findings)
      if (!f.passed() && v.result == outcome::pass) v.result = outcome::fail, v.message = f.message;
  }
  if (v.findings.empty())
    v.result = outcome::mistrusted, v.message = std::string(output) + ": nothing to compare";
  return v;
}

bool has_expected(const recorded_case& c) {
  return std::any_of(c.tensors.begin(), c.tensors.end(),
                     [](const auto& e) { return e.name.rfind("expected_", 0) == 0; });
}

void disagreement::look(double expected, double ours, double allowed, const std::string& where) {
  ++compared_, finite_ += std::isfinite(expected) || std::isfinite(ours);
  const bool same_class = std::isnan(expected) == std::isnan(ours) &&
                          std::isinf(expected) == std::isinf(ours) &&
                          (!std::isinf(expected) || expected == ours);
  double used = std::fabs(expected - ours) / allowed;
  if (!same_class) used = INFINITY;
  if (same_class && (!std::isfinite(expected) || expected == ours)) used = 0;
  if (same_class && std::isnan(used)) {
    if (unclear_.empty()) unclear_ = where;
    return;
  }
  if (used <= used_) return;
  used_ = used;
  message_ = where + ": expected " + laws::shown(expected) + ", our reference " + laws::shown(ours) +
             ", difference " + std::to_string(used) + " of what the recorded precision allows";
}

void disagreement::look(const verdict& v) {
  compared_ += v.elements, finite_ += v.elements;
  if (v.result != outcome::fail) return;
  used_ = INFINITY;
  message_ = v.message;
}

external_judgement disagreement::conclude(const recorded_case& c) const {
  if (compared_ == 0) return {group_of(c), "expected", outcome::mistrusted, 0, "nothing to compare"};
  if (finite_ == 0)
    return {group_of(c), "expected", used_ <= 1 ? outcome::mistrusted : outcome::fail, used_,
            used_ <= 1 ? "no finite value to judge" : message_};
  if (used_ <= 1 && !unclear_.empty())
    return {group_of(c), "expected", outcome::mistrusted, used_,
            unclear_ + ": nothing says what is allowed, an input is not finite"};
  if (used_ <= 1) return {group_of(c), "expected", outcome::pass, used_, ""};
  return {group_of(c), "expected", outcome::fail, used_, message_};
}

}  // namespace plumbline
