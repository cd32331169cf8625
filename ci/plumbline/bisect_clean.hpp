// What bisections leave under DIR/bisect, and how it is taken away again.
#pragma once

#include <string>

namespace plumbline::program {

/// The folder of all bisections that were given `--out OUT`: absolute.
std::string bisect_base(const std::string& out);
/// The command line that takes it away.
std::string clean_command(const std::string& out);
/// `plumbline bisect --clean`: removes that folder and what git knows of the worktree in it.  Returns the
/// exit code.  bad_argument outside of a repository; cannot_run while a bisection works there, or when the
/// worktree is another repository's.
int clean_bisections(const std::string& out);

}  // namespace plumbline::program
