#include "properties/judge/joined.hpp"

#include <algorithm>

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
  for (const auto& [name, value] : b.metrics)
    a.metrics[name] = a.metrics.count(name) ? std::max(a.metrics[name], value) : value;
  for (std::string& w : b.warnings) a.warnings.push_back(std::move(w));
  return a;
}

}  // namespace plumbline
