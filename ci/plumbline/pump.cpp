#include "ci/plumbline/pump.hpp"

#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

bool pump(worker_pool& pool, const std::function<std::optional<work>()>& next,
          const std::function<void(finished)>& done, const std::function<void()>& tick) {
  std::vector<work> killed;  // once each
  bool alone = false;
  for (;;) {
    while (pool.has_idle() && !interrupted_by() && !alone) {
      if (!killed.empty()) {
        if (pool.in_flight()) break;
        killed.back().again = alone = true;
        pool.submit(std::move(killed.back()));
        killed.pop_back();
        break;
      }
      std::optional<work> w = next();
      if (!w) break;
      pool.submit(std::move(*w));
    }
    if (!pool.in_flight()) return !interrupted_by();
    std::optional<finished> f = pool.wait(0.1);
    if (interrupted_by()) {
      if (f && f->lost.empty()) done(std::move(*f));
      pool.stop();
      return false;
    }
    if (f && f->asked.again) alone = false;
    if (f && f->killed && !f->asked.again)
      killed.push_back(std::move(f->asked));
    else if (f)
      done(std::move(*f));
    tick();
  }
}

bool pump_last(worker_pool& pool, const std::function<std::optional<work>()>& next,
               const std::function<void(const finished&)>& done, double seconds) {
  using clock = std::chrono::steady_clock;
  const auto end =
      clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    while (pool.has_idle()) {
      std::optional<work> w = next();
      if (!w) break;
      pool.submit(std::move(*w));
    }
    if (!pool.in_flight()) return true;
    if (clock::now() >= end) {
      pool.stop();
      return false;
    }
    if (const std::optional<finished> f = pool.wait(0.05)) done(*f);
  }
}

case_result result_of(const finished& f) {
  if (f.lost.empty() && f.got.error.empty()) {
    case_result r = f.got.result;
    if (f.asked.again && r.result == outcome::pass) {
      r.result = outcome::mistrusted, r.failed_law = "completes";
      r.message = "worker was killed (out of memory?); run again alone, the case passes";
      r.laws.push_back({r.failed_law, r.result, r.message});
    }
    return r;
  }
  case_result r;
  r.result = f.killed ? outcome::mistrusted : outcome::fail;
  r.failed_law = f.lost.empty() ? not_examined : "completes";
  r.case_text = f.got.about;
  if (r.case_text.empty())
    r.case_text = f.asked.case_text.empty() ? fmt::format("{}.{}/{} {} seed {} index {} (while it was drawn)",
                                                          f.asked.op, f.asked.function, f.asked.variant,
                                                          name_of(f.asked.in), f.asked.seed, f.asked.index)
                                            : f.asked.case_text;
  r.message = f.killed         ? "worker was killed twice (out of memory?), the second time alone: " + f.lost
              : f.lost.empty() ? "could not be examined: " + f.got.error
                               : "the process that ran this case did not survive it: " + f.lost;
  r.judged.result = r.result, r.judged.message = r.message;
  r.laws.push_back({r.failed_law, r.result, r.message});
  return r;
}

}  // namespace plumbline::program
