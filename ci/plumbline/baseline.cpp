#include "ci/plumbline/baseline.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

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

struct misfit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A value and where it stands, which is said when it is another than was expected.
class placed {
 public:
  placed(const json& value, std::string place) : value_(value), place_(std::move(place)) {}

  bool has(const char* key) const { return entries("an object").contains(key); }
  placed at(const char* key) const {
    if (!has(key)) throw misfit((place_.empty() ? "" : place_ + ": ") + "expected the key " + key);
    return {value_.at(key), place_.empty() ? key : place_ + "." + key};
  }
  std::string text() const {
    if (!value_.is_string()) expected("a text");
    return value_;
  }
  std::uint64_t whole() const {
    if (!value_.is_number_unsigned()) expected("a whole number");
    return value_;
  }
  double number() const {
    if (!value_.is_number() && value_ != "nan" && value_ != "inf" && value_ != "-inf") expected("a number");
    return number_from(value_);
  }
  template <class Each>
  void each_key(Each each) const {
    for (const auto& [key, one] : entries("an object").items()) each(key, placed(one, place_ + "." + key));
  }
  template <class Each>
  void each_element(Each each) const {
    if (!value_.is_array()) expected("a list");
    for (std::size_t i = 0; i < value_.size(); ++i)
      each(placed(value_[i], place_ + "[" + std::to_string(i) + "]"));
  }

 private:
  [[noreturn]] void expected(const std::string& what) const {
    throw misfit((place_.empty() ? "" : place_ + ": ") + "expected " + what + ", found " +
                 (value_.is_structured() || value_.is_null() ? value_.type_name() : value_.dump()));
  }
  const json& entries(const std::string& what) const {
    if (!value_.is_object()) expected(what);
    return value_;
  }

  const json& value_;
  const std::string place_;
};

json parsed(const std::string& text) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& e) {
    const std::string before = text.substr(0, e.byte > 0 ? e.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    throw misfit("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
                 (before.size() >= text.size() ? "it ends early" : "no JSON"));
  }
}

std::string row_of(const placed& v) {
  std::string name = v.at("operator").text() + ".";
  name += v.at("function").text() + "/";
  name += v.at("variant").text() + " ";
  return name + v.at("dtype").text();
}

bool meet(const std::map<std::string, by_regime>& before, const std::map<std::string, by_regime>& now) {
  for (const auto& [metric, regimes] : now)
    if (const auto same = before.find(metric); same != before.end())
      for (const auto& [regime, values] : regimes)
        if (same->second.count(regime) != 0) return true;
  return false;
}

}  // namespace

baseline::baseline(const std::string& file) : file_(file) {
  if (const std::string why = why_no_file(file); !why.empty())
    throw cannot_run("--baseline: expected what verify --json wrote, got '" + file + "': " + why);
  try {
    const json whole = parsed(bytes_of(file));
    const placed j(whole, "");
    seed_ = j.at("seed").whole();
    j.at("variants").each_element([&](const placed& v) {
      if (!v.has("metrics")) return;
      known_row& row = rows_[row_of(v)];
      row.contract = v.at("contract").text();
      v.at("metrics").each_key([&](const std::string& metric, const placed& regimes) {
        regimes.each_key([&](const std::string& regime, const placed& values) {
          values.each_element([&](const placed& x) { row.metrics[metric][regime].push_back(x.number()); });
        });
      });
    });
  } catch (const misfit& e) {
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

std::string baseline::why_not(const row& what) const {
  const auto known = rows_.find(what.name());
  if (known == rows_.end()) return what.name() + ": the baseline does not have it";
  if (known->second.contract != what.promised.name)
    return what.name() + ": the baseline has it under the contract " + known->second.contract;
  return "";
}

std::vector<std::string> baseline::not_compared(const run_report& r) const {
  std::vector<std::string> all;
  for (const row_run& row : r.rows)
    if (const std::string why = why_not(row.what); !why.empty())
      all.push_back(why);
    else if (!meet(rows_.at(row.what.name()).metrics, row.counts.samples))
      all.push_back(row.what.name() + ": no regime has numbers in both");
  return all;
}

void baseline::require_a_row_of(const std::vector<row>& rows, const std::string& regime) const {
  std::vector<std::string> all;
  for (const row& one : rows)
    if (const std::string why = why_not(one); !why.empty()) {
      all.push_back(why);
    } else {
      const auto& metrics = rows_.at(one.name()).metrics;
      const bool drawn = std::any_of(metrics.begin(), metrics.end(),
                                     [&](const auto& m) { return m.second.count(regime) != 0; });
      if (!regime.empty() && !drawn)
        all.push_back(one.name() + ": the baseline has no case of the regime " + regime);
    }
  if (all.size() == rows.size()) refuse(all);
}

void baseline::require_compared(const run_report& r) const {
  if (const std::vector<std::string> all = not_compared(r); all.size() == r.rows.size()) refuse(all);
}

void baseline::refuse(const std::vector<std::string>& reasons) const {
  throw bad_argument("--baseline", "expected numbers that this run can be held to, got '" + file_ +
                                       "': nothing could be compared: " +
                                       (reasons.empty() ? "no case is generated" : reasons.front()) +
                                       (reasons.size() > 1 ? ", and likewise the other rows" : ""));
}

}  // namespace plumbline::program
