#include "ci/plumbline/rank_tests.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::program {

namespace {

// Failures are told elsewhere; here they are no numbers.
std::vector<double> comparable(const std::vector<double>& all) {
  std::vector<double> some;
  for (const double x : all)
    if (std::isfinite(x)) some.push_back(std::max(x, least_number));
  std::sort(some.begin(), some.end());
  return some;
}

double median(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// Sum of the ranks of `some` among both (ties share theirs), and the share of the variance that ties take.
struct ranks {
  double sum = 0, ties = 0;
};
ranks ranks_of(const std::vector<double>& some, const std::vector<double>& others) {
  std::vector<double> all = some;
  all.insert(all.end(), others.begin(), others.end());
  std::sort(all.begin(), all.end());
  const auto n = static_cast<double>(all.size());
  ranks found;
  for (std::size_t first = 0, last; first < all.size(); first = last) {
    last = static_cast<std::size_t>(std::upper_bound(all.begin(), all.end(), all[first]) - all.begin());
    const double same = static_cast<double>(last - first), rank = static_cast<double>(first + last + 1) / 2;
    const auto mine = std::equal_range(some.begin(), some.end(), all[first]);
    found.sum += rank * static_cast<double>(mine.second - mine.first);
    found.ties += (same * same * same - same) / (n * n * n - n);
  }
  return found;
}

// Of a value among others in order; those alike share theirs.
double rank_in(const std::vector<double>& sorted, double x) {
  const auto alike = std::equal_range(sorted.begin(), sorted.end(), x);
  return static_cast<double>((alike.first - sorted.begin()) + (alike.second - sorted.begin()) + 1) / 2;
}

}  // namespace

rise compare(const by_regime& before, const by_regime& now) {
  rise found;
  double excess = 0, variance = 0;
  std::vector<double> ratios;
  for (const auto& [regime, then] : before) {
    const auto here = now.find(regime);
    if (here == now.end()) continue;
    const std::vector<double> old = comparable(then), mine = comparable(here->second);
    if (old.empty() || mine.empty()) continue;
    const auto n = static_cast<double>(mine.size()), m = static_cast<double>(old.size()), all = n + m;
    const ranks r = ranks_of(mine, old);
    excess += (r.sum - n * (all + 1) / 2) / (all + 1);
    variance += n * m * (1 - r.ties) / (12 * (all + 1));
    ratios.insert(ratios.end(), mine.size(), median(mine) / median(old));
    found.before += static_cast<std::int64_t>(old.size()),
        found.now += static_cast<std::int64_t>(mine.size());
  }
  if (!(variance > 0)) return found;
  std::sort(ratios.begin(), ratios.end());
  found.factor = median(ratios), found.sigmas = excess / std::sqrt(variance);
  return found;
}

rise compare_pairs(const by_regime& before, const by_regime& now) {
  std::vector<double> logs, sizes;
  for (const auto& [regime, then] : before) {
    const std::vector<double>& here = now.at(regime);
    for (std::size_t i = 0; i < then.size(); ++i)
      if (std::isfinite(then[i]) && std::isfinite(here[i]))
        logs.push_back(std::log(std::max(here[i], least_number) / std::max(then[i], least_number)));
  }
  rise found;
  found.before = found.now = static_cast<std::int64_t>(logs.size());
  logs.erase(std::remove(logs.begin(), logs.end(), 0.0), logs.end());
  if (logs.empty()) return found;
  std::vector<double> of_rises;
  for (const double x : logs) {
    sizes.push_back(std::fabs(x));
    if (x > 0) of_rises.push_back(x);
  }
  std::sort(of_rises.begin(), of_rises.end());
  std::sort(sizes.begin(), sizes.end());
  std::sort(logs.begin(), logs.end());
  double sum = 0, squares = 0;
  for (const double x : of_rises) sum += rank_in(sizes, x);
  for (const double x : sizes) squares += rank_in(sizes, x) * rank_in(sizes, x);
  const auto n = static_cast<double>(sizes.size());
  found.factor = std::exp(median(logs)), found.sigmas = (sum - n * (n + 1) / 4) / std::sqrt(squares / 4);
  return found;
}

}  // namespace plumbline::program
