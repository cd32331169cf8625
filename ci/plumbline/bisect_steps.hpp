// Between the ends: `git bisect run` asks this program, started anew as `plumbline bisect-step`, about one
// commit after the other.
//
// The bisection is always begun afresh in git and asked for without check-outs: a commit that was measured
// before costs nothing, so whatever ended an earlier run, this one goes on where that one stood.
#pragma once

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/bisect_view.hpp"

namespace plumbline::program {

/// Ends what an earlier run left of its own bisection in the worktree.
void reset_bisection(const bisect_folder&, const bisect_plan&);

/// The first bad commit between two ends that were measured; the report's verdict stays `partial` when a
/// signal ended it.  cannot_run naming git's log when git gave up.
void bisect_between(const bisect_folder&, bisect_report&, bisect_view&);

}  // namespace plumbline::program
