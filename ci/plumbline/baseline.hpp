// verify --baseline: numbers that rise inside their budgets.
//
// A kernel may get a third worse and still pass, so a run is compared with the JSON of an earlier one, row by
// row: how much of its budget a case uses, and how its errors compare with the noise that its contract
// declares (rms).  Two runs of different seeds draw different cases, so a rise counts only where seeds cannot
// have made it; two runs of one seed draw the same ones, and pairs of them say far more (rank_tests.hpp).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

class baseline {
 public:
  /// What `verify --json` wrote, of a run on the same executor: another rounds otherwise.  cannot_run when it
  /// cannot be read; bad_argument naming --baseline, the file and the place in it when it is no such
  /// document, or holds no numbers to compare.
  baseline(const std::string& file, const std::string& executor);

  /// bad_argument when it knows none of these rows under its contract and, unless empty, with that regime:
  /// the run would compare nothing.
  void require_a_row_of(const std::vector<row>&, const std::string& regime) const;
  /// bad_argument when a run that has ended compared nothing.
  void require_compared(const run_report&) const;

  /// Fills in the rises, surest first, how many numbers were compared, and the rows of which nothing was,
  /// each with the reason.  `give_up` is asked before each number; once it holds nothing is compared, which
  /// is the reason then, and the answer is false.
  bool compare(run_report&, const std::function<bool()>& give_up = {}) const;

 private:
  std::string why_not(const row&) const;
  [[noreturn]] void refuse(const std::vector<std::string>& reasons) const;

  struct known_row {
    std::string contract;
    std::vector<case_numbers> cases;
  };
  const std::string file_;
  std::map<std::string, known_row> rows_;
  std::uint64_t seed_ = 0;
};

/// A smaller rise, however sure, is nobody's concern.
inline constexpr double least_factor = 1.01;

}  // namespace plumbline::program
