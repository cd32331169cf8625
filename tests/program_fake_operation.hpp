// An operation that passes, fails, doubts, skips, crashes, exits, prints or hangs on demand, one variant
// each.
//
// It adds n small integers: cheap, exact, and it shrinks (smaller n).  The program under test cannot tell it
// from a real one.
#pragma once

#include "ci/plumbline/instrument.hpp"

namespace plumbline::fake {

/// The program's view of a world with this one operation, `fake.sum`, on a host executor.
program::instrument world();

}  // namespace plumbline::fake
