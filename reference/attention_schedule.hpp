// Jobs of several stages on a fixed number of threads.
//
// A stage is a number of independent items; the next stage of a job starts when all of them are done and its
// `finish` has run.  Who runs what never decides a result: items are fixed by the caller, and whatever they
// leave is merged by `finish` in the item's order.  Items are dealt out in one list: the first stage of a
// group of jobs goes before the second stage of the group before it, so a thread seldom waits, and only a few
// groups are in memory at a time.
#pragma once

#include <functional>
#include <vector>

namespace plumbline {

struct stage {
  int items = 0;
  std::function<void(int item, int thread)> run;
  std::function<void()> finish;  // by one thread, after all items; may be empty
};

struct staged_job {
  std::function<void()> prepare;  // by one thread, before any item; may be empty
  std::vector<stage> stages;      // all jobs of one call have the same number
};

/// Runs everything; rethrows the first exception of an item after all threads have stopped.
void run_in_stages(std::vector<staged_job>& jobs, int threads);

}  // namespace plumbline
