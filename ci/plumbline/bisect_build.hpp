// A commit's program, built in the one worktree: what two commits share is compiled once.
#pragma once

#include <functional>
#include <string>

#include "ci/plumbline/bisect_state.hpp"

namespace plumbline::program {

struct built_commit_program {
  std::string program;  // file; empty: it did not build
  std::string reason;   // ... and why, in one line
  toolchain built;
  bool ended = false;  // by a signal
};

/// Checks the commit out, configures and builds the target `plumbline`; what the tools say goes to `log`.
built_commit_program build_commit(const bisect_plan&, const std::string& commit, const std::string& log,
                                  const std::function<bool()>& give_up);

}  // namespace plumbline::program
