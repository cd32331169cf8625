#include "ci/plumbline/baseline.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/json_number.hpp"
#include "ci/plumbline/rank_tests.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

using nlohmann::json;

bool of_one_size(const by_regime& a, const by_regime& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.size() == y.second.size();
  });
}

std::string row_of(const json& v) {
  return v.at("operator").get<std::string>() + "." + v.at("function").get<std::string>() + "/" +
         v.at("variant").get<std::string>() + " " + v.at("dtype").get<std::string>();
}

}  // namespace

baseline::baseline(const std::string& file) {
  if (const std::string why = why_unreadable(file); !why.empty())
    throw cannot_run("--baseline: expected what verify --json wrote, got '" + file + "': " + why);
  std::ifstream in(file);
  try {
    const json j = json::parse(in);
    seed_ = j.at("seed");
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
      const bool same_cases = r.seed == seed_ && of_one_size(before->second, now);
      rise one = same_cases ? compare_pairs(before->second, now) : compare(before->second, now);
      one.row = row.what.name(), one.metric = metric;
      if (one.sigmas > rise_sigmas && one.factor > least_factor) all.push_back(std::move(one));
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
