#include "ci/plumbline/shrink.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/rows.hpp"

namespace plumbline::program {

namespace {

using clock = std::chrono::steady_clock;

struct step {
  bool interrupted = false;
  std::optional<case_result> smaller;
  std::string text;
};

bool fails_by(const case_result& r, const std::string& law) {
  if (r.result != outcome::fail) return false;
  if (r.failed_law == law) return true;
  for (const law_result& l : r.laws)
    if (l.law == law && l.result == outcome::fail) return true;
  return false;
}

// The first of `candidates` that fails by `law`.  Those behind it that were tried meanwhile do not count, so
// the number of tries does not depend on that of the workers.
step first_failing(worker_pool& pool, const std::vector<std::string>& candidates, const std::string& law,
                   clock::time_point end, int& tried, int most, const std::function<void(int)>& tick) {
  std::vector<std::optional<case_result>> results(candidates.size());
  const int before = tried;
  std::size_t given = 0, best = candidates.size();
  step s;
  const bool whole = pump(
      pool,
      [&]() -> std::optional<work> {
        if (given >= std::min(best, candidates.size()) || before + static_cast<int>(given) >= most ||
            clock::now() >= end)
          return std::nullopt;
        work w;
        w.what = task::examine, w.index = given, w.case_text = candidates[given++], w.all_laws = true;
        return w;
      },
      [&](finished f) {
        const std::size_t i = f.asked.index;
        if (f.got.usage) return;
        results[i] = result_of(f);
        if (fails_by(*results[i], law)) best = std::min(best, i);
      },
      [&] { tick(before + static_cast<int>(given)); });
  tried = before + static_cast<int>(best < candidates.size() ? best + 1 : given);
  s.interrupted = !whole;
  if (best < candidates.size()) s.smaller = results[best], s.text = candidates[best];
  return s;
}

}  // namespace

bool shrink(const instrument& all, worker_pool& pool, const work_options& limits, failure& f,
            const std::function<void(int)>& tick) {
  const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(
                                      std::chrono::duration<double>(limits.shrink_seconds));
  std::string current = f.case_text;
  std::set<std::string> seen = {current};
  int tried = 0;
  while (tried < limits.shrink_steps && clock::now() < end) {
    std::vector<std::string> candidates;
    try {
      const case_spec failing = case_spec::parse(current);
      for (const case_spec& c : find_operation(all, failing.op, failing.function).smaller(failing))
        if (seen.insert(c.str()).second) candidates.push_back(c.str());
    } catch (const std::exception&) {
      break;  // a case that was lost while it was drawn has no text to shrink
    }
    const step s = first_failing(pool, candidates, f.law, end, tried, limits.shrink_steps, tick);
    if (s.smaller) {
      current = s.text;
      const failure smaller = failure_from(f.row, f.index, *s.smaller);
      f.message = smaller.message, f.details = smaller.details;
    }
    f.shrink_steps = tried;
    f.smallest = current;
    if (s.interrupted) return false;
    if (!s.smaller) break;
  }
  return true;
}

}  // namespace plumbline::program
