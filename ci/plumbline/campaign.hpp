// The generated cases of a run: every row gets its number of judged cases (or its share of the time).
//
// Skipped draws come on top and are counted.  A row takes indices in order and never starts one that the
// judged and running ones could make needless, so the set of cases of a run does not depend on the number of
// workers.  What was judged is counted in the order of the indices, so that a row which stops after its
// failures stops at the same case, too.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <vector>

#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/requests.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/tally.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

struct row_run {
  row what;
  tally counts;
  std::int64_t wanted = 0;       // judged cases; with a time limit: no limit
  std::uint64_t next_index = 0;  // index to draw next
  std::uint64_t last_index = 0;  // give up behind this one
  std::int64_t in_flight = 0;
  std::map<std::uint64_t, case_result> held;  // judged, waiting for an earlier index
  std::int64_t held_judged = 0;               // of these: not skipped
  std::uint64_t next_counted = 0;
  std::string stopped;  // why the row ended before it had its cases; empty: it did not
};

class campaign {
 public:
  campaign(const verify_request&, const std::vector<row>& rows);
  /// Runs all rows; false: interrupted.  `failed` is called as soon as a case did not pass and every case
  /// before it was judged.  Work of `aside` goes first.
  bool run(worker_pool&, const std::function<void(const failure&)>& failed, errands& aside,
           const std::function<void()>& tick);

  const std::vector<row_run>& rows() const { return rows_; }
  std::int64_t judged() const;
  std::int64_t wanted() const;  // 0 when time decides

 private:
  using clock = std::chrono::steady_clock;
  std::optional<work> next();
  void take(const finished&);
  void count(row_run&, std::uint64_t index, const case_result&);
  bool wants_more(const row_run&) const;

  verify_request asked_;
  std::vector<row_run> rows_;
  std::function<void(const failure&)> failed_;
  std::size_t turn_ = 0;
  clock::time_point end_;
};

}  // namespace plumbline::program
