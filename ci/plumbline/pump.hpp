// Keeps every worker busy until there is no work left, or a signal asks the run to end.
#pragma once

#include <functional>
#include <optional>

#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

/// `next` gives the next piece of work, or nothing while it waits for one in flight (or has none left).
/// `done` takes each piece that ended; `tick` is called at least ten times a second.
/// Returns false when a signal ended it: the workers are then gone.
bool pump(worker_pool&, const std::function<std::optional<work>()>& next,
          const std::function<void(finished)>& done, const std::function<void()>& tick);

/// The result of a piece of work that was to examine a case: a lost worker or an error is a failure of the
/// law "completes".
case_result result_of(const finished&);

}  // namespace plumbline::program
