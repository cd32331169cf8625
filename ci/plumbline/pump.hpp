// Keeps every worker busy until there is no work left, or a signal asks the run to end.
#pragma once

#include <functional>
#include <optional>

#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

/// Work that turns up while other work is done, such as saving what failed.
class errands {
 public:
  virtual ~errands() = default;
  virtual std::optional<work> next() = 0;
  /// True when the piece was one of these.
  virtual bool take(const finished&) = 0;
};

/// `next` gives the next piece of work, or nothing while it waits for one in flight (or has none left).
/// `done` takes each piece that ended; `tick` is called at least ten times a second.
/// A worker that was killed from outside (SIGKILL) costs its piece a second try, with nothing beside it.
/// Returns false when a signal ended it: the workers are then gone.
bool pump(worker_pool&, const std::function<std::optional<work>()>& next,
          const std::function<void(finished)>& done, const std::function<void()>& tick);

/// The same behind a signal, for what must not be lost: at most `seconds`, deaf to the signal that was noted
/// (a second one ends the program at once).  False when the time was over: the workers are then gone.
bool pump_last(worker_pool&, const std::function<std::optional<work>()>& next,
               const std::function<void(const finished&)>& done, double seconds);

/// The result of a piece of work that was to examine a case: a lost worker is a failure of the law
/// "completes", an error one of `not_examined`; one that was killed from outside says nothing of the kernel
/// and is mistrusted.
case_result result_of(const finished&);
/// The law of a case that a worker could not examine at all: it says nothing of the kernel.
inline constexpr const char* not_examined = "can_be_examined";

}  // namespace plumbline::program
