// `plumbline bisect`: its two halves, the run and the steps that git asks for.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"

namespace plumbline::program {

int run_bisect(const instrument&, const bisect_request&);
/// Measures the commit that git bisect asks about: 0 good, 1 bad, 125 no answer, 255 ends the bisection.
int run_bisect_step(const bisect_step_request&);

}  // namespace plumbline::program
