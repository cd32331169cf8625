// Cases run in worker processes, so that a kernel that crashes, hangs or exits costs one case.
//
// A worker is this program started anew as `plumbline worker` (never a bare fork: a CUDA context does not
// survive one).  It reads lines of work on descriptor 3 and answers on 4; what a kernel prints goes to a pipe
// of its own, whose last lines are kept for the report of a crash.  Each worker is bound to its share of the
// cores, so that J workers do not start J threads a core; results never depend on that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/plumbline/work.hpp"

namespace plumbline::program {

/// A piece of work that ended one way or another.
struct finished {
  work asked;
  answer got;
  std::string lost;     // not empty: the worker died on it, and how ("signal 11 (Segmentation fault)", ...)
  bool killed = false;  // ... by SIGKILL and not by us: what a machine without memory does
};

/// Cores this process may use.
int usable_cores();

class worker_pool {
 public:
  /// `jobs` 0: one a core, but no more than `pieces` of work when those are known: a lone case gets every
  /// core. `case_timeout` in seconds.
  worker_pool(int jobs, double case_timeout, std::size_t pieces = SIZE_MAX);
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  int jobs() const { return static_cast<int>(slots_.size()); }
  bool has_idle() const { return in_flight_ < slots_.size(); }
  std::size_t in_flight() const { return in_flight_; }
  /// Gives work to an idle worker; starts the worker when it does not run.
  void submit(work);
  /// The next piece that ended, or nothing within `seconds` (or when a signal arrived).
  std::optional<finished> wait(double seconds);
  /// Kills every worker at once and waits for their ends.
  void stop();

 private:
  using clock = std::chrono::steady_clock;
  struct slot {
    int pid = 0, to = -1, from = -1, noise = -1;
    std::string incoming, noise_tail, about;
    std::optional<work> busy;
    clock::time_point deadline;
  };
  void start(slot&, std::size_t which);
  int end(slot&);
  finished give_up(slot&, bool timed_out);
  std::optional<finished> take_line(slot&);
  bool send(slot&, const std::string& line);

  std::vector<slot> slots_;
  double timeout_;
  std::size_t in_flight_ = 0;
  std::uint64_t next_id_ = 1;
};

}  // namespace plumbline::program
