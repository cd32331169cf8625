// Failures on disk: OUT/failures/*.h5, one smallest case a row and law.
//
// A run replays them first.  What passes again moves to OUT/fixed, so the folder always says what is broken
// now.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/tally.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

struct replayed_failure {
  std::string file, row, law, case_text;
  case_result result;
};

/// Replays the saved failures that belong to `rows` on `executor`; moves those that pass.  False:
/// interrupted.
bool replay_saved(worker_pool&, const std::string& out, const std::vector<row>& rows,
                  const std::string& executor, std::vector<replayed_failure>& replayed,
                  const std::function<void()>& tick);

/// Saves the case of a failure (its smallest when there is one) with what the kernel computed, or without
/// when the kernel does not survive that; sets `file`.  False: interrupted.
bool save_failure(worker_pool&, const std::string& out, failure&);

}  // namespace plumbline::program
