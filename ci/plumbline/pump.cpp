#include "ci/plumbline/pump.hpp"

#include <fmt/format.h>

#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

bool pump(worker_pool& pool, const std::function<std::optional<work>()>& next,
          const std::function<void(finished)>& done, const std::function<void()>& tick) {
  for (;;) {
    while (pool.has_idle() && !interrupted_by()) {
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
    if (f) done(std::move(*f));
    tick();
  }
}

case_result result_of(const finished& f) {
  if (f.lost.empty() && f.got.error.empty()) return f.got.result;
  case_result r;
  r.result = outcome::fail, r.failed_law = "completes";
  r.case_text = f.got.about;
  if (r.case_text.empty())
    r.case_text = f.asked.case_text.empty() ? fmt::format("{}.{}/{} {} seed {} index {} (while it was drawn)",
                                                          f.asked.op, f.asked.function, f.asked.variant,
                                                          name_of(f.asked.in), f.asked.seed, f.asked.index)
                                            : f.asked.case_text;
  r.message = f.lost.empty() ? "could not be examined: " + f.got.error
                             : "the process that ran this case did not survive it: " + f.lost;
  r.judged.result = outcome::fail, r.judged.message = r.message;
  r.laws.push_back({r.failed_law, outcome::fail, r.message});
  return r;
}

}  // namespace plumbline::program
