// Failures on disk: OUT/failures/*.h5, one smallest case a row and law.
//
// A failure is saved as it was found, at once, and replaced by its smallest case when there is one: a run
// that is ended early has lost nothing. A run replays them first.  What passes again moves to OUT/fixed, so
// the folder always says what is broken now.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/tally.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

struct replayed_failure {
  std::string file, row, law, case_text;
  std::string not_moved;  // it passes, and why its file stays where it was
  case_result result;
};

/// Replays the saved failures that belong to `rows` on `executor`; moves those that pass.  False:
/// interrupted.
bool replay_saved(worker_pool&, const std::string& out, const std::vector<row>& rows,
                  const std::string& executor, std::vector<replayed_failure>& replayed,
                  const std::function<void()>& tick);

/// Removes what runs of this machine that did not live to do it left in the folder: OUT/outputs-PID, and
/// *.writing-PID-N in OUT/failures and OUT/fixed, of processes that are gone.
void sweep(const std::string& out);

/// Saves the cases of failures (the smallest when there is one) with what the kernel computed, or without
/// when the kernel does not survive that; sets `file` or `not_saved`, and removes the file it replaces.
class failure_saver : public errands {
 public:
  explicit failure_saver(std::string out) : out_(std::move(out)) {}
  /// The failure must stay where it is until it is saved.
  void want(failure&);
  std::optional<work> next() override;
  bool take(const finished&) override;
  /// Saves all that is wanted.  False: interrupted.
  bool run(worker_pool&);
  /// Behind a signal: saves in at most `seconds` what is wanted and what a worker was ended on, in the second
  /// half of the time without outputs; what then is left says so in `not_saved`.
  void run_last(worker_pool&, double seconds);

 private:
  void ask_again();
  struct errand {
    failure* what = nullptr;
    work asked;
  };
  std::string out_;
  std::map<std::uint64_t, errand> wanted_, given_;
  std::uint64_t count_ = 0;
};

}  // namespace plumbline::program
