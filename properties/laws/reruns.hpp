// Laws that only run the same call again: any function, any variant.
#pragma once

#include <string>

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

/// Another order of warps and blocks, another number of OS threads.
template <class Problem>
std::string broken_schedule(const subject<Problem>& s) {
  random_stream choice(s.seed, "schedule");
  run_options how = s.options;
  how.schedule = choice.chance(0.5) ? "reverse" : "random:" + std::to_string(choice.integer(1, 1000000));
  how.os_threads = s.options.os_threads == 1 ? 2 : 1;
  const std::string what =
      "schedule " + how.schedule + " on " + std::to_string(how.os_threads) + " OS threads";
  const attempt other = s.run(s.problem, s.inputs, how);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

}  // namespace plumbline::laws
