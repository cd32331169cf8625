// What a run knows of its rows: counts, the worst places, laws, coverage, failures.
//
// Cases come back in any order; everything that is reported is made from them in the order of their index, so
// that a run says the same whatever the number of workers.  Times are the one exception.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "properties/operation.hpp"

namespace plumbline::program {

/// `used` of `b` is worse than that of `a`; NaN is worse than anything.
bool worse(double a, double b);

struct law_tally {
  std::int64_t cases = 0, fail = 0, mistrusted = 0, skipped = 0;
};

/// The worst finding of a row.
struct worst_place {
  double used = 0;
  std::uint64_t index = 0;
  std::string test, where, message, case_text;
};

/// What a later run compares with: one judged case.
struct case_numbers {
  std::vector<std::string> traits;        // its regime, then its coverage classes
  std::map<std::string, double> numbers;  // budget_used, and rms where the judge has one
};
inline std::string regime_trait(const std::string& regime) { return "regime=" + regime; }

/// Everything counted about one row.
class tally {
 public:
  void add(std::uint64_t index, const case_result&);

  std::int64_t pass = 0, fail = 0, mistrusted = 0, skipped = 0, elements = 0;
  double seconds = 0, reference_seconds = 0;
  std::array<std::int64_t, used_bins> histogram{};
  std::map<std::string, std::int64_t> skips;  // by reason
  std::map<std::string, law_tally> laws;
  std::map<std::string, std::int64_t> classes;        // of judged cases
  std::map<std::string, std::int64_t> drawn_classes;  // of skipped ones too
  std::map<std::string, std::int64_t> warnings;
  worst_place worst;
  std::vector<case_numbers> numbers;  // of judged cases, in the order of their index

  std::int64_t cases() const { return pass + fail + mistrusted; }
  std::int64_t drawn() const { return cases() + skipped; }
  /// SHA-256 over the digests of the judged cases in the order of their index.
  std::string digest() const;

 private:
  std::map<std::uint64_t, std::string> digests_;
};

/// A case that did not pass.
struct failure {
  std::string row, case_text, law, message;
  outcome verdict = outcome::fail;
  std::uint64_t index = 0;
  std::string smallest;   // text of the smallest case that still fails; empty: not shrunk
  std::string file;       // where it was saved; empty: not saved
  std::string not_saved;  // why it could not be
  std::string recorded;   // FILE#/group/case of a recorded input
  int shrink_steps = 0;
  std::vector<std::string> details;  // one line a finding or law that did not pass
};

/// False for a case whose worker was lost before the case was drawn: it has no line that replays it.
bool replayable(const failure&);

/// `about` names the row; details hold what failed beside the first message.
failure failure_from(const std::string& row, std::uint64_t index, const case_result&);

}  // namespace plumbline::program
