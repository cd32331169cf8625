// What somebody who names cases wants run: lines of text and files of cases, as cases of one variant each.
//
// A file that this program wrote carries the line of each case; the line is run when its generators are ours,
// and the stored inputs otherwise.  Files from elsewhere are their inputs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "properties/case_spec.hpp"

namespace plumbline::program {

struct planned_case {
  case_spec spec;          // with a variant
  bool from_file = false;  // a line that stood in a file: malformed, it fails, and is no bad usage
  std::string said;        // the executor of the line, where `on` put another in its place; else empty
};

struct case_plan {
  std::vector<planned_case> cases;
  std::map<std::string, std::int64_t> unknown;  // cases of groups that no operator knows, by why
  std::vector<std::string> unrunnable;          // cases of files, each with the reason
  std::vector<std::string> read;                // files
};

/// A case without a variant is one of each; `on` empty: where the case says.  bad_argument naming CASE on a
/// malformed line; cannot_run when a file cannot be read, a typed case is too big for the machine, or nothing
/// is left to run.
case_plan plan_cases(const instrument&, const std::vector<std::string>& texts, const std::string& on);

}  // namespace plumbline::program
