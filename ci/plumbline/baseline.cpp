#include "ci/plumbline/baseline.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/json_number.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

using nlohmann::json;

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

std::string row_of(const json& v) {
  return v.at("operator").get<std::string>() + "." + v.at("function").get<std::string>() + "/" +
         v.at("variant").get<std::string>() + " " + v.at("dtype").get<std::string>();
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

baseline::baseline(const std::string& file) {
  if (const std::string why = why_unreadable(file); !why.empty())
    throw cannot_run("--baseline: expected what verify --json wrote, got '" + file + "': " + why);
  std::ifstream in(file);
  try {
    const json j = json::parse(in);
    for (const json& v : j.at("variants")) {
      if (!v.contains("metrics")) continue;
      known_row& row = rows_[row_of(v)];
      row.contract = v.at("contract");
      for (const auto& [metric, regimes] : v.at("metrics").items())
        for (const auto& [regime, values] : regimes.items())
          for (const json& x : values) row.metrics[metric][regime].push_back(number_from(x));
    }
  } catch (const json::exception& e) {
    throw bad_argument("--baseline", "expected what verify --json wrote, got '" + file + "': " + e.what());
  }
  if (rows_.empty())
    throw bad_argument("--baseline", "expected what verify --json wrote, with generated cases, got '" + file +
                                         "': it holds no numbers to compare");
}

std::vector<rise> baseline::rises(const run_report& r) const {
  std::vector<rise> all;
  for (const row_run& row : r.rows) {
    const auto known = rows_.find(row.what.name());
    if (known == rows_.end() || known->second.contract != row.what.promised.name) continue;
    for (const auto& [metric, now] : row.counts.samples) {
      const auto before = known->second.metrics.find(metric);
      if (before == known->second.metrics.end()) continue;
      rise one = compare(before->second, now);
      one.row = row.what.name(), one.metric = metric;
      if (one.sigmas > rise_sigmas) all.push_back(std::move(one));
    }
  }
  std::sort(all.begin(), all.end(), [](const rise& a, const rise& b) { return a.sigmas > b.sigmas; });
  return all;
}

std::vector<std::string> baseline::not_compared(const run_report& r) const {
  std::vector<std::string> all;
  for (const row_run& row : r.rows) {
    const auto known = rows_.find(row.what.name());
    if (known == rows_.end())
      all.push_back(row.what.name() + ": the baseline does not have it");
    else if (known->second.contract != row.what.promised.name)
      all.push_back(row.what.name() + ": the baseline has it under the contract " + known->second.contract);
  }
  return all;
}

}  // namespace plumbline::program
