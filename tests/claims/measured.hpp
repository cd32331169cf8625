// Figures of the host that upstream gives and that can be measured here.
#pragma once

#include <vector>

#include "ci/plumbline/proposal.hpp"

namespace plumbline::claims {

std::vector<program::measurement> measured();

}  // namespace plumbline::claims
