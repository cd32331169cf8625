#include <algorithm>

#include "kernels/probe/probe.hpp"

namespace plumbline::probe {

std::vector<std::string> answer::matched(const probe& p) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < agreeing.size(); ++i)
    if (agreeing[i] == static_cast<int>(p.vectors.size())) names.push_back(p.alternatives[i].name);
  return names;
}

const std::vector<probe>& every_probe() {
  static const std::vector<probe> all = [] {
    std::vector<probe> both = questions();
    for (probe& p : sweeps()) both.push_back(std::move(p));
    return both;
  }();
  return all;
}

answer ask(const probe& p, executor& on) {
  answer a;
  for (const alternative& one : p.alternatives) {
    a.predicted.emplace_back();
    for (const vector& v : p.vectors) a.predicted.back().push_back(one.predict(v));
  }
  for (std::size_t v = 0; v < p.vectors.size(); ++v)
    a.telling += std::any_of(a.predicted.begin(), a.predicted.end(),
                             [&](const auto& one) { return one[v] != a.predicted[0][v]; });
  a.got = run(p.what, p.vectors, on);
  if (!a.got.why_not.empty()) return a;
  for (const auto& one : a.predicted) {
    int equal = 0;
    for (std::size_t v = 0; v < one.size(); ++v) equal += one[v] == a.got.d[v];
    a.agreeing.push_back(equal);
  }
  return a;
}

}  // namespace plumbline::probe
