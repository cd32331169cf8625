// The case of a bisection, frozen: inputs as bits in a file that programs of any age read, so that generators
// that changed on the way do not matter.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"

namespace plumbline::program {

struct frozen_case {
  std::string op, function, variant;
  std::string group, name;           // in the file
  std::string contract;              // of today's variant for these inputs
  std::vector<std::string> outputs;  // names of tensors
  std::string digest;                // of the inputs and options
  bool ended = false;                // by a signal
};

/// Makes the inputs of the one case and variant that CASE names and writes them to FOLDER/input.h5, unsealed
/// and without what only newer programs know, and what today's kernel computes of them to FOLDER/today.h5.
/// bad_argument naming CASE when it is several or none; cannot_run when today's kernel computes nothing.
frozen_case freeze_case(const instrument&, const std::string& text, const std::string& on,
                        double case_timeout, const std::string& folder);

}  // namespace plumbline::program
