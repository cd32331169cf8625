// From a failing case to the smallest one that fails by the same law.
//
// The operation proposes smaller problems, best first; the first of them that still fails is taken and asked
// again, until nothing smaller fails, or the time or the number of tries is used up.  Candidates are tried on
// all workers at once, and the first in the operation's order wins, so the way down does not depend on their
// number.  A candidate that crashes its worker is a failure like any other.
#pragma once

#include <functional>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"
#include "ci/plumbline/tally.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

/// Fills `smallest`, `shrink_steps` and replaces message and details by those of the smallest case.
/// Returns false when a signal ended it.
bool shrink(const instrument&, worker_pool&, const work_options&, failure&,
            const std::function<void(int tried)>& tick);

}  // namespace plumbline::program
