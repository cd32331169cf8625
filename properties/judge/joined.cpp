#include "properties/judge/joined.hpp"

#include <cmath>

namespace plumbline {

verdict joined(verdict a, verdict b) {
  if (a.elements == 0 && a.result != outcome::fail) return b;
  if (b.elements == 0 && b.result != outcome::fail) return a;
  const auto rank = [](outcome o) { return o == outcome::fail ? 2 : o == outcome::mistrusted ? 1 : 0; };
  if (rank(b.result) > rank(a.result)) {
    a.result = b.result;
    a.message = b.message;
  }
  for (finding& f : b.findings) a.findings.push_back(std::move(f));
  a.elements += b.elements;
  for (std::size_t i = 0; i < a.used_histogram.size(); ++i) a.used_histogram[i] += b.used_histogram[i];
  add_metrics(a.metrics, b.metrics);
  for (std::string& w : b.warnings) a.warnings.push_back(std::move(w));
  return a;
}

void add_metrics(std::map<std::string, double>& all, const std::map<std::string, double>& more) {
  for (const auto& [name, value] : more) {
    double& kept = all.emplace(name, value).first->second;
    if (kept == kept && !(std::fabs(value) <= std::fabs(kept))) kept = value;
  }
}

}  // namespace plumbline
