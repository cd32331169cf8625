// Other programs, run to their end: git, cmake and the programs that bisect builds.
//
// A child leads a process group of its own, so that Ctrl-C reaches us alone and we end everything that it
// started.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plumbline::program {

struct child_options {
  std::string folder;  // where it runs; empty: here
  std::string log;     // what it says is added to this file too
  bool brief = false;  // over in a moment, so our signals leave it alone
  double timeout = 0;  // seconds; 0: none
  std::function<void(const std::string& line)> on_line = {};  // each line it says, as it comes
  std::function<bool()> give_up = {};                         // asked ten times a second; true ends it
};

struct child_end {
  int code = -1;       // exit code, or 128 + signal
  bool ended = false;  // by us: a signal, the timeout or `give_up`
  bool late = false;   // ... the timeout
  std::string said;    // on both streams, the last 64 KiB of it
  std::string last_line() const;
};

/// Runs a program found by PATH.  A signal of ours (interrupt.hpp) is handed on to its group, which then has
/// ten seconds.  Variables of git that name a repository are not handed down.  cannot_run when there is no
/// such program.
child_end run_child(const std::vector<std::string>& command, const child_options& = {});

}  // namespace plumbline::program
