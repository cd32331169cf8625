// Laws that only run the same call again: any function, any variant.
#pragma once

#include <string>
#include <vector>

#include "properties/laws/schedules.hpp"
#include "properties/laws/subject.hpp"
#include "reference/core/random.hpp"

namespace plumbline::laws {

/// No condition.
template <class Problem>
std::string concerns_all(const subject<Problem>&) {
  return "";
}

template <class Problem>
std::string broken_run_to_run(const subject<Problem>& s) {
  const attempt again = s.run(s.problem, s.inputs);
  if (again.why_not) return describe(*again.why_not, "the second run");
  return difference(s.outputs, again.outputs, "the second run");
}

template <class Problem>
std::string concerns_schedule(const subject<Problem>& s) {
  return s.where.kernels() == side::gpu ? "a GPU takes no schedule" : "";
}

/// One of related problems, drawn among those that the variant takes; throws outside_domain when it takes
/// none of them.
template <class Problem>
Problem one_taken(const subject<Problem>& s, const std::vector<Problem>& related, random_stream& choice) {
  std::vector<const Problem*> taken;
  for (const Problem& p : related)
    if (s.outside(p).empty()) taken.push_back(&p);
  if (taken.empty()) throw outside_domain{s.outside(related.at(0))};
  return *taken[static_cast<std::size_t>(choice.integer(0, static_cast<std::int64_t>(taken.size()) - 1))];
}

/// What the case is compared with: another order of warps and blocks, another number of OS threads.  A case
/// that comes with a schedule is compared with the plain one.
template <class Problem>
run_options other_schedule(const subject<Problem>& s) {
  random_stream choice(s.seed, "schedule");
  run_options how = s.options;
  how.schedule = s.options.schedule.empty() ? drawn_schedule(choice) : "";
  how.os_threads = s.options.os_threads == 1 ? 2 : 1;
  return how;
}

template <class Problem>
std::string broken_schedule(const subject<Problem>& s) {
  const run_options how = other_schedule(s);
  const std::string what = "schedule " + (how.schedule.empty() ? "round robin" : how.schedule) + " on " +
                           std::to_string(how.os_threads) + " OS threads";
  const attempt other = s.run(s.problem, s.inputs, how);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

/// Of the two schedules that differ, the one that is not plain.
template <class Problem>
std::string failing_schedule(const subject<Problem>& s) {
  return s.options.schedule.empty() ? other_schedule(s).schedule : s.options.schedule;
}

}  // namespace plumbline::laws
