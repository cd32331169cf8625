// `plumbline bisect`: its command line and its two halves, the run and the steps that git asks for.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"

namespace CLI {
class App;
}

namespace plumbline::program {

int run_bisect(const instrument&, const bisect_request&);
/// Measures the commit that git bisect asks about: 0 good, 1 bad, 125 no answer, 255 ends the bisection.
int run_bisect_step(const bisect_step_request&);

/// What numbers of the command line are before they are read.
struct bisect_texts {
  std::string threshold, repeats, jobs, timeout;
};
/// Adds the verb to the command line.
CLI::App& describe_bisect(CLI::App&, bisect_request&, bisect_texts&);
/// The hidden verb of the steps.
CLI::App& describe_bisect_step(CLI::App&, bisect_step_request&);
/// Once the command line is parsed.  Throws bad_argument.
bisect_request read_bisect(const bisect_texts&, bisect_request);

}  // namespace plumbline::program
