// Judging cases that somebody else wrote: what all functions share.
//
// A group may hold outputs, somebody's truth (`expected_*`), or both; shapes and options come from outside
// and are believed only after a check.  A case that cannot be read, or holds what we do not know, fails with
// the reason: whoever wrote it meant it to be judged.  Everything that it holds is judged.
#pragma once

#include <cmath>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "properties/operation.hpp"

namespace plumbline {

/// "kvcache/paged_gqa".
std::string group_of(const recorded_case&);
/// Fails: nothing of the case was judged.
external_judgement unreadable(const recorded_case&, const std::string& why);
/// Nobody's fault: a group that we have no function for.
external_judgement unsupported(const recorded_case&, const std::string& why);
external_judgement as_outputs(const recorded_case&, const verdict&);
/// A failure of nothing but tests whose budget is not a number, where an input holds an infinity or NaN:
/// nobody can say what was allowed, so it is mistrusted and names the input.  Any other verdict as it is.
verdict mistrusted_without_budget(verdict v, const tensor_set& inputs);
/// The judgement that says more against the case.
external_judgement worst(const external_judgement&, const external_judgement&);
/// The worst of what was found; unreadable when nothing was.
external_judgement worst(const recorded_case&, std::span<const external_judgement>);
/// What a verdict says of one output alone.
verdict of_output(verdict, std::string_view output);

bool has_expected(const recorded_case&);

/// Largest disagreement so far, and where.
class disagreement {
 public:
  /// Two values of one quantity; `allowed` is what the recorded precision lets them differ.
  void look(double expected, double ours, double allowed, const std::string& where);
  /// An exact comparison: any difference is too much.
  void look(const verdict&);
  external_judgement conclude(const recorded_case&) const;

 private:
  double used_ = 0;
  std::int64_t compared_ = 0, finite_ = 0;
  std::string message_, unclear_;
};

/// Runs a judgement; a case that it cannot read fails.
template <class Judge>
external_judgement guarded(const recorded_case& c, Judge judge) {
  try {
    return judge();
  } catch (const std::logic_error& why) {  // bad_argument, or a tensor that is not there
    return unreadable(c, why.what());
  }
}

}  // namespace plumbline
