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

// How the cases of this run stand among those of a part.
struct standing {
  const part* cases = nullptr;
  std::vector<double> scores;
  std::size_t taken = 0;
  double sum = 0, sigmas = 0;

  double log_chance() const { return sigmas < least_sigmas ? 0 : log_tail_of_draw(scores, taken, sum); }
};

standing standing_of(const population& p, const std::vector<double>& scores, const part& cases) {
  standing all;
  all.cases = &cases;
  double mean = 0, squares = 0;
  for (const std::size_t i : cases) {
    all.scores.push_back(scores[i]), mean += scores[i] / static_cast<double>(cases.size());
    if (i >= p.before) ++all.taken, all.sum += scores[i];
  }
  for (const double a : all.scores) squares += (a - mean) * (a - mean);
  const auto n = static_cast<double>(cases.size()), k = static_cast<double>(all.taken);
  const double variance = k * (n - k) / n * squares / (n - 1);
  if (variance > 0) all.sigmas = (all.sum - k * mean) / std::sqrt(variance);
  return all;
}

}  // namespace

std::vector<double> midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    for (last = first + 1; last < order.size() && values[order[last]] == values[order[first]]; ++last) {
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
  standing most = standing_of(p, scores, all), surest;
  std::string trait_of_surest;
  for (const auto& [trait, cases] : parts)
    if (standing one = standing_of(p, scores, cases); one.sigmas > surest.sigmas)
      surest = std::move(one), trait_of_surest = trait;
  double log_chance = most.log_chance() + std::log(2.0);
  const double of_surest = surest.log_chance() + std::log(2.0 * static_cast<double>(parts.size()));
  if (of_surest < log_chance) most = std::move(surest), log_chance = of_surest, found.where = trait_of_surest;
  found.compared = true;
  found.factor = factor_between(p, groups, *most.cases);
  found.sigmas = most.sigmas, found.chance = std::exp(std::min(log_chance, 0.0));
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
