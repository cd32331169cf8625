// verify --baseline: numbers that rise inside their budgets.
//
// A kernel may get a third worse and still pass, so a run is compared with the JSON of an earlier one: how
// much of its budget a case uses, and how its errors compare with the noise that its contract declares (rms).
// Two runs draw different cases, so a rise counts only where seeds cannot have made it.  Cases of one regime
// are alike, those of two are not, and no distribution can be assumed of either; so ranks are compared within
// each regime, and the regimes are added up (van Elteren's test):
//
//   z = sum_r (W_r - n_r (N_r + 1) / 2) / (N_r + 1)  /  sqrt(sum_r n_r m_r (1 - ties_r) / (12 (N_r + 1)))
//
// with W_r the sum of the ranks of this run's n_r cases among all N_r = n_r + m_r of the regime.  A number
// below `least_number` counts as that: where nothing is rounded it is anything down to zero.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

class baseline {
 public:
  /// What `verify --json` wrote.  cannot_run when it cannot be read; bad_argument naming --baseline when it
  /// is no such document or holds no numbers to compare.
  explicit baseline(const std::string& file);

  /// Rows whose numbers rose by more than seeds explain, surest first.
  std::vector<rise> rises(const run_report&) const;
  /// Rows of the run that the baseline does not have, or under another contract: nothing was compared.
  std::vector<std::string> not_compared(const run_report&) const;

 private:
  struct known_row {
    std::string contract;
    std::map<std::string, by_regime> metrics;
  };
  std::map<std::string, known_row> rows_;
};

/// The rise of one number over the regimes that both runs have.  `factor` is the median over regimes of the
/// ratio of medians, weighed by cases; 1 and 0 sigmas where no regime has cases in both.
rise compare(const by_regime& before, const by_regime& now);

/// A rise beyond this many standard deviations is none of chance: one false alarm in three million numbers.
inline constexpr double rise_sigmas = 5;
inline constexpr double least_number = 0.05;  // of a budget, or of the declared noise

}  // namespace plumbline::program
