// What a judgement says: one verdict, made of independent findings, each with the part of its budget that was
// used.
//
// Nothing here knows an operator or a formula.  The tests that make findings are files beside this one, each
// opened by its idea.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

/// `mistrusted`: held, but the check could not have failed (no elements, all-zero truth, budget wider than
/// the data).
enum class outcome : std::uint8_t { pass, fail, mistrusted, skipped };
std::string_view name_of(outcome);

/// One term of a budget, in the unit of the budget ("output rounding", 1.2e-4).
struct budget_part {
  std::string name;
  double value = 0;
};

/// The worst place of one test.
struct finding {
  std::string test;    // "class", "H", "E", "R", "A", "L", "bytes", ...
  std::string output;  // "out", "lse", ...
  double used = 0;     // fraction of the budget; passes iff used <= 1 (NaN fails)
  std::string where;   // "b 2, row 1, h 5, column 17", or "tensor", "row b 2 ..."
  double computed = 0, truth = 0;
  std::vector<budget_part> budget;  // empty for exact comparisons
  std::string message;  // one plain line: where, what was computed, what is true, how the budget is made up
  bool passed() const { return used <= 1; }
};

/// Name of a row for reports: "b 2, row 1, h 5".  A unit is what an operation judges as one piece.
using row_name = std::function<std::string(std::size_t unit, std::int64_t row)>;

inline constexpr int used_bins = 24;  // of 0.05 each, the last holds everything from 1.15 up

/// Judgement of one case.
struct verdict {
  outcome result = outcome::mistrusted;
  std::vector<finding> findings;  // one a test and output, in the order of checking
  std::string message;            // first failure in plain words; why mistrusted; empty on a pass
  std::int64_t elements = 0;      // compared
  std::array<std::int64_t, used_bins> used_histogram{};  // elements by |error| / element budget
  std::map<std::string, double> metrics;  // "max_ulp", "rms", "bias", and used per test: "H", "E", ...
  std::vector<std::string> warnings;      // "contract probably too loose (rms 0.31)", vacuous probes
  /// Largest `used` of all findings.
  double budget_used() const;
};

/// Judgement of one step of a kernel, from what it showed of it and of the steps before.
struct stage_verdict {
  std::string stage;  // "scores", "row_max", ..., "combined_out"
  verdict judged;
};

/// The first stage that leaves its budget; null: none does.
const stage_verdict* first_outside(std::span<const stage_verdict>);

/// Sets `result` and `message` from the findings: the first that did not pass fails the case; no elements, or
/// an all-zero truth (`truth_all_zero` among the arguments), is mistrusted.
void conclude(verdict& v, bool truth_is_degenerate, std::string_view why_degenerate);

}  // namespace plumbline
