#include "ci/plumbline/bisect_ends.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ci/plumbline/bisect_measure.hpp"
#include "ci/plumbline/instrument.hpp"

namespace plumbline::program {

namespace {

// Between ends that do not rise there is nothing: NaN.
double middle(const measured_commit& good, const measured_commit& bad, const std::string& metric) {
  if (!(value_of(bad, metric) > value_of(good, metric))) return std::numeric_limits<double>::quiet_NaN();
  const double root = std::sqrt(value_of(good, metric)) * std::sqrt(value_of(bad, metric));
  return std::isnan(root) ? 0 : root;
}

// Among what else was measured, that which the bad end is worse in.
std::string worse_otherwise(const measured_commit& good, const measured_commit& bad) {
  std::string all;
  for (const bisect_metric& one : bisect_metrics)
    if (value_of(bad, one.name) > value_of(good, one.name))
      all += std::string(all.empty() ? "--metric " : ", ") + one.name;
  return all.empty() ? "" : "; worse at the bad one: " + all;
}

std::optional<measured_commit> measure_end(const bisect_folder& at, const bisect_plan& p,
                                           const std::string& commit, const char* which, bisect_view& view) {
  std::string doing = "reading";
  const auto m = measure(
      at, p, commit, [&](const std::string& what) { view.doing(doing = what, commit); },
      [&] {
        view.doing(doing, commit);
        return false;
      });
  view.done_one();
  if (m && (!m->reason.empty() || values_of(*m, p.metric).empty()))
    throw cannot_run(fmt::format("--{}: no {} of {}: {} (log: {})", which, p.metric, commit.substr(0, 10),
                                 m->reason.empty() ? "its outputs have no such metric" : m->reason,
                                 at.file("logs/" + commit + ".log")));
  return m;
}

void judge_ends(const git_repository& git, bool threshold_asked, const measured_commit& good,
                const measured_commit& bad, bisect_report& r) {
  const bisect_plan& p = r.plan;
  const double before = value_of(good, p.metric), after = value_of(bad, p.metric);
  const std::vector<double> of_good = values_of(good, p.metric), of_bad = values_of(bad, p.metric);
  const commit_side side_of_good = side_of(good, p.metric, p.threshold),
                    side_of_bad = side_of(bad, p.metric, p.threshold);
  const bool changes = good.runs.size() > 1 || bad.runs.size() > 1;
  if (changes && (of_good.back() >= of_bad.front() || side_of_good == commit_side::untold ||
                  side_of_bad == commit_side::untold)) {
    r.verdict = bisect_verdict::flaky;
    r.message = fmt::format(
        "{} of the same program differs from run to run: {:.4g} to {:.4g} at the good end, {:.4g} to {:.4g} "
        "at the bad one",
        p.metric, of_good.front(), of_good.back(), of_bad.front(), of_bad.back());
  } else if (!(after > before) || side_of_good != commit_side::good || side_of_bad != commit_side::bad) {
    r.verdict = bisect_verdict::lost;
    const bool rose = after > before;
    r.message = fmt::format("the end points do not reproduce: {} is {:.4g} at ", p.metric, before) +
                (before == after ? std::string("both ends")
                                 : fmt::format("the good end and {:.4g} at the bad one{}", after,
                                               rose ? "" : ", which is better")) +
                (rose && threshold_asked ? fmt::format("; --threshold {:.4g} lies {} both", p.threshold,
                                                       side_of_bad == commit_side::good ? "above" : "below")
                 : threshold_asked       ? fmt::format(", bad is above {:.4g}", p.threshold)
                                         : "") +
                (rose ? "" : worse_otherwise(good, bad));
  } else {
    r.built_otherwise = difference(good.built, bad.built), r.same_sources = same_sources(git, p.good, p.bad);
    if (r.built_otherwise.empty() || !r.same_sources) return;
    r.verdict = bisect_verdict::built_otherwise;
    r.message = "no source differs between the ends, but " + r.built_otherwise;
  }
}

}  // namespace

bool measure_ends(const bisect_folder& at, const git_repository& git, std::optional<double> asked,
                  bisect_report& r, bisect_view& view) {
  bisect_plan& p = r.plan;
  const auto good = measure_end(at, p, p.good, "good", view);
  if (!good) return false;
  const auto bad = measure_end(at, p, p.bad, "bad", view);
  if (!bad) return false;
  p.threshold = asked ? *asked : middle(*good, *bad, p.metric);
  at.write(p);
  judge_ends(git, asked.has_value(), *good, *bad, r);
  view.print_line(view.visit(p.good, *good));
  view.print_line(view.visit(p.bad, *bad));
  return true;
}

}  // namespace plumbline::program
