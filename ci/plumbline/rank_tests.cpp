#include "ci/plumbline/rank_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "ci/plumbline/tail_bounds.hpp"

namespace plumbline::program {

namespace {

constexpr double least_sigmas = 3;  // below, no bound is worth its time: it is taken as 1

struct weighed {
  double value = 0, weight = 0;
};

double median(std::vector<weighed> all) {
  std::sort(all.begin(), all.end(), [](const weighed& a, const weighed& b) { return a.value < b.value; });
  double half = 0, sum = 0;
  for (const weighed& one : all) half += one.weight / 2;
  for (const weighed& one : all)
    if ((sum += one.weight) >= half) return one.value;
  return 1;
}

// The cases of both runs as one population; those of the first come first.
struct population {
  measured all;
  std::size_t before = 0;

  void add(const measured& run) {
    for (std::size_t i = 0; i < run.values.size(); ++i)
      if (std::isfinite(run.values[i]))
        all.traits.push_back(run.traits[i]), all.values.push_back(run.values[i]);
  }
};

// The cases of one trait, or all.
using part = std::vector<std::size_t>;

std::map<std::string, part> parts_of(const population& p) {
  std::map<std::string, part> all;
  for (std::size_t i = 0; i < p.all.values.size(); ++i)
    for (const std::string& trait : p.all.traits[i]) all[trait].push_back(i);
  return all;
}

double factor_between(const population& p, const std::vector<alike>& groups, const part& cases) {
  std::vector<bool> asked(p.all.values.size(), false);
  for (const std::size_t i : cases) asked[i] = true;
  std::vector<weighed> ratios;
  for (const alike& g : groups)
    for (const std::size_t then : g.cases)
      for (const std::size_t now : g.cases) {
        const double x = p.all.values[then], y = p.all.values[now];
        if (then >= p.before || now < p.before || !asked[then] || !asked[now] || (x == 0 && y == 0)) continue;
        ratios.push_back({x == 0 ? std::numeric_limits<double>::infinity() : y / x,
                          g.weight / static_cast<double>(g.cases.size() + 1)});
      }
  return median(std::move(ratios));
}

std::vector<double> scores_of(const population& p, const std::vector<alike>& groups) {
  std::vector<double> scores(p.all.values.size(), 0), values;
  for (const alike& g : groups) {
    values.clear();
    for (const std::size_t i : g.cases) values.push_back(p.all.values[i]);
    const std::vector<double> ranks = midranks(values);
    const auto n = static_cast<double>(ranks.size());
    for (std::size_t i = 0; i < ranks.size(); ++i)
      scores[g.cases[i]] += g.weight * (ranks[i] - (n + 1) / 2) / (n + 1);
  }
  return scores;
}

struct evidence {
  double sigmas = 0, log_chance = 0;
};

evidence evidence_of(const population& p, const std::vector<double>& scores, const part& cases) {
  std::vector<double> drawn;
  double sum = 0, mean = 0, squares = 0;
  std::size_t taken = 0;
  for (const std::size_t i : cases) {
    drawn.push_back(scores[i]), mean += scores[i] / static_cast<double>(cases.size());
    if (i >= p.before) ++taken, sum += scores[i];
  }
  for (const double a : drawn) squares += (a - mean) * (a - mean);
  const auto n = static_cast<double>(drawn.size()), k = static_cast<double>(taken);
  const double variance = k * (n - k) / n * squares / (n - 1);
  if (!(variance > 0)) return {};
  const double sigmas = (sum - k * mean) / std::sqrt(variance);
  return {sigmas, sigmas < least_sigmas ? 0 : log_tail_of_draw(drawn, taken, sum)};
}

}  // namespace

std::vector<double> midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    for (last = first; last < order.size() && values[order[last]] == values[order[first]]; ++last) {
    }
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = static_cast<double>(first + last + 1) / 2;
  }
  return ranks;
}

rise compare(const measured& before, const measured& now) {
  population p;
  p.add(before), p.before = p.all.values.size(), p.add(now);
  const std::size_t size = p.all.values.size(), taken = size - p.before;
  rise found;
  found.before = static_cast<std::int64_t>(p.before), found.now = static_cast<std::int64_t>(taken);
  const std::vector<alike> groups = p.before == 0 || taken == 0 ? std::vector<alike>() : alike_cases(p.all);
  if (groups.empty()) return found;
  const std::vector<double> scores = scores_of(p, groups);
  part all(size);
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::map<std::string, part> parts = parts_of(p);
  evidence most = evidence_of(p, scores, all);
  const part* where = &all;
  found.compared = true, most.log_chance += std::log(2.0);
  for (const auto& [trait, cases] : parts) {
    evidence one = evidence_of(p, scores, cases);
    one.log_chance += std::log(2.0 * static_cast<double>(parts.size()));
    if (one.log_chance < most.log_chance) most = one, where = &cases, found.where = trait;
  }
  found.factor = factor_between(p, groups, *where);
  found.sigmas = most.sigmas, found.chance = std::exp(std::min(most.log_chance, 0.0));
  return found;
}

rise compare_pairs(const std::vector<double>& before, const std::vector<double>& now) {
  std::vector<double> logs, sizes;
  rise found;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double x = before[i], y = now[i];
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    ++found.before, ++found.now;
    if (x != y) logs.push_back(std::log(y) - std::log(x));  // of zero: -inf, larger than any
  }
  if (logs.empty()) return found;
  for (const double x : logs) sizes.push_back(std::fabs(x));
  const std::vector<double> ranks = midranks(sizes);
  double sum = 0, squares = 0;
  std::vector<weighed> ratios;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    sum += logs[i] > 0 ? ranks[i] : -ranks[i], squares += ranks[i] * ranks[i];
    ratios.push_back({std::exp(logs[i]), 1});
  }
  found.compared = true;
  found.factor = median(std::move(ratios)), found.sigmas = sum / std::sqrt(squares);
  found.chance = std::exp(log_tail_of_signs(ranks, sum));
  return found;
}

}  // namespace plumbline::program
