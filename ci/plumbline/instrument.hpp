// What the program drives: the operations and the executors.
//
// Every verb reaches them through this one struct, so that the tests of the program can put an operation that
// passes, fails, crashes or hangs on demand in place of the real ones, in the same program.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ci/plumbline/proposal.hpp"
#include "ci/plumbline/requests.hpp"
#include "kernels/core/executor.hpp"
#include "properties/operation.hpp"

namespace plumbline::program {

struct instrument {
  std::span<const operation* const> operations;
  std::unique_ptr<executor> (*make_executor)(std::string_view name, std::string& why_not) = nullptr;
  void (*set_recorded_loader)(recorded_loader) = nullptr;
  int (*probe)(const instrument&, const probe_request&) = nullptr;  // the verb
  std::span<const operation* const> subjects = {};  // what was proposed upstream: found by name, not verified
  proposal_list proposals = {};
};

/// Exit codes of every verb.
enum exit_code : int { all_pass = 0, found_something = 1, bad_usage = 2, could_not_run = 3 };

/// Something outside the program is missing (no GPU, no file, ...): one clear line, exit 3.
class cannot_run : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Parses the command line, runs the verb, returns the exit code.
int run_program(const instrument&, int argc, char** argv);

}  // namespace plumbline::program
