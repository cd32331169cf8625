#include "ci/plumbline/baseline.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/json_number.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/rank_tests.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

using nlohmann::json;

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
  /// Separated by blanks; `what` is missing where there is none.
  std::vector<std::string> words(const char* what) const {
    std::istringstream from(text());
    std::vector<std::string> all{std::istream_iterator<std::string>(from), {}};
    if (all.empty()) expected(what);
    return all;
  }
  std::uint64_t whole() const {
    if (!value_.is_number_unsigned()) expected("a whole number");
    return value_;
  }
  /// At least 0, or nan: a share of a budget, a size.
  double size() const {
    if (!value_.is_number() && value_ != "nan" && value_ != "inf") expected("a number of at least 0");
    const double x = number_from(value_);
    if (x < 0) expected("a number of at least 0");
    return x;
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

case_numbers case_from(const placed& v) {
  case_numbers one;
  one.traits = v.at("traits").words("a regime first");
  v.each_key([&](const std::string& key, const placed& value) {
    if (key != "traits") one.numbers[key] = value.size();
  });
  return one;
}

const std::string& regime_of(const case_numbers& one) { return one.traits.front(); }

bool has_regime(const std::vector<case_numbers>& cases, const std::string& regime) {
  return std::any_of(cases.begin(), cases.end(), [&](const auto& one) { return regime_of(one) == regime; });
}

// Runs draw from one population unless one of them was asked for a single regime; then it is the one to
// compare.
std::vector<case_numbers> drawn_as(const std::vector<case_numbers>& cases,
                                   const std::vector<case_numbers>& others) {
  const bool single = !others.empty() && std::all_of(others.begin(), others.end(), [&](const auto& one) {
    return regime_of(one) == regime_of(others.front());
  });
  if (!single) return cases;
  std::vector<case_numbers> some;
  for (const case_numbers& one : cases)
    if (regime_of(one) == regime_of(others.front())) some.push_back(one);
  return some;
}

measured numbers_of(const std::string& metric, const std::vector<case_numbers>& cases) {
  measured all;
  for (const case_numbers& one : cases)
    if (const auto x = one.numbers.find(metric); x != one.numbers.end())
      all.traits.push_back(one.traits), all.values.push_back(x->second);
  return all;
}

// Runs of one seed draw the same cases in the same order, the longer one more of them.
bool same_cases(const std::vector<case_numbers>& a, const std::vector<case_numbers>& b) {
  return std::equal(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin(),
                    [](const auto& x, const auto& y) { return x.traits == y.traits; });
}

rise rise_of_pairs(const std::string& metric, const std::vector<case_numbers>& before,
                   const std::vector<case_numbers>& now) {
  std::vector<double> then, here;
  for (std::size_t i = 0; i < std::min(before.size(), now.size()); ++i) {
    const auto x = before[i].numbers.find(metric), y = now[i].numbers.find(metric);
    if (x != before[i].numbers.end() && y != now[i].numbers.end())
      then.push_back(x->second), here.push_back(y->second);
  }
  return compare_pairs(then, here);
}

}  // namespace

baseline::baseline(const std::string& file, const std::string& executor) : file_(file) {
  if (const std::string why = why_no_file(file); !why.empty())
    throw cannot_run("--baseline: expected what verify --json wrote, got '" + file + "': " + why);
  bool older = false;
  try {
    const json whole = parsed(bytes_of(file));
    const placed j(whole, "");
    if (const std::uint64_t version = j.at("plumbline").whole(); version != json_version)
      throw misfit("plumbline: expected " + std::to_string(json_version) + ", found " +
                   std::to_string(version));
    if (const std::string other = j.at("executor").text(); other != executor)
      throw misfit("executor: expected " + executor + ", found " + other);
    seed_ = j.at("seed").whole();
    j.at("variants").each_element([&](const placed& v) {
      older = older || !v.has(numbers_key);
      if (older) return;
      known_row& row = rows_[row_of(v)];
      row.contract = v.at("contract").text();
      v.at(numbers_key).each_element([&](const placed& one) { row.cases.push_back(case_from(one)); });
      if (row.cases.empty()) rows_.erase(row_of(v));
    });
  } catch (const misfit& e) {
    throw bad_argument("--baseline", "expected what verify --json wrote, got '" + file + "': " + e.what());
  }
  if (older)
    throw bad_argument("--baseline", "expected what verify --json wrote, with " + std::string(numbers_key) +
                                         " in each row, got '" + file +
                                         "', which an older program wrote: record it again");
  if (rows_.empty())
    throw bad_argument("--baseline", "expected what verify --json wrote, with generated cases, got '" + file +
                                         "': it holds no numbers to compare");
}

std::string baseline::why_not(const row& what) const {
  const auto known = rows_.find(what.name());
  if (known == rows_.end()) return what.name() + ": the baseline does not have it";
  if (known->second.contract != what.promised.name)
    return what.name() + ": the baseline has it under the contract " + known->second.contract;
  return "";
}

bool baseline::compare(run_report& r, const std::function<bool()>& give_up) const {
  for (const row_run& row : r.rows) {
    if (const std::string why = why_not(row.what); !why.empty()) {
      r.not_compared.push_back(why);
      continue;
    }
    const auto &known = rows_.at(row.what.name()).cases, &drawn = row.counts.numbers;
    const std::vector<case_numbers> before = drawn_as(known, drawn), now = drawn_as(drawn, known);
    if (before.empty() || now.empty()) {
      r.not_compared.push_back(row.what.name() + ": no regime has numbers in both");
      continue;
    }
    const bool pairs = r.seed == seed_ && same_cases(before, now);
    std::set<std::string> metrics;
    for (const case_numbers& one : now)
      for (const auto& [metric, x] : one.numbers) metrics.insert(metric);
    for (const std::string& metric : metrics) {
      if (give_up && give_up()) {
        r.rises.clear(), r.compared = r.same = 0, r.not_compared = {"interrupted"};
        return false;
      }
      rise one = pairs ? rise_of_pairs(metric, before, now)
                       : program::compare(numbers_of(metric, before), numbers_of(metric, now));
      one.row = row.what.name(), one.metric = metric;
      (one.compared ? r.compared : r.same) += 1;
      if (one.compared && one.factor > least_factor) r.rises.push_back(std::move(one));
    }
  }
  const double enough = false_alarms / static_cast<double>(std::max<std::int64_t>(r.compared, 1));
  const auto chance = [&](const rise& one) { return one.chance >= enough; };
  r.rises.erase(std::remove_if(r.rises.begin(), r.rises.end(), chance), r.rises.end());
  std::sort(r.rises.begin(), r.rises.end(), [](const rise& a, const rise& b) { return a.chance < b.chance; });
  return true;
}

void baseline::require_a_row_of(const std::vector<row>& rows, const std::string& regime) const {
  std::vector<std::string> all;
  for (const row& one : rows)
    if (const std::string why = why_not(one); !why.empty()) {
      all.push_back(why);
    } else {
      if (!regime.empty() && !has_regime(rows_.at(one.name()).cases, regime_trait(regime)))
        all.push_back(one.name() + ": the baseline has no case of the regime " + regime);
    }
  if (all.size() == rows.size()) refuse(all);
}

void baseline::require_compared(const run_report& r) const {
  if (r.not_compared.size() == r.rows.size()) refuse(r.not_compared);
}

void baseline::refuse(const std::vector<std::string>& reasons) const {
  throw bad_argument("--baseline", "expected numbers that this run can be held to, got '" + file_ +
                                       "': nothing could be compared: " +
                                       (reasons.empty() ? "no case is generated" : reasons.front()) +
                                       (reasons.size() > 1 ? ", and likewise the other rows" : ""));
}

}  // namespace plumbline::program
