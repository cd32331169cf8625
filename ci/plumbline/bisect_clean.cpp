#include "ci/plumbline/bisect_clean.hpp"

#include <filesystem>
#include <optional>

#include "ci/plumbline/folder_lock.hpp"
#include "ci/plumbline/git.hpp"
#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/terminal.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

std::string bisect_base(const std::string& out) {
  return fs::absolute(out + "/bisect").lexically_normal().string();
}

std::string clean_command(const std::string& out) {
  return "plumbline bisect --clean" + (out == work_options().out ? "" : " --out '" + out + "'");
}

// git keeps an entry of a worktree whose folder is gone, so it is asked also where there is no folder.
int clean_bisections(const std::string& out) {
  const git_repository git("current folder", fs::current_path().string());
  const std::string base = bisect_base(out), worktree = base + "/worktree";
  const bool there = fs::exists(base);
  std::optional<folder_lock> lock;
  if (there) lock.emplace(base, "bisection");
  const bool known = git.remove_worktree(worktree);
  if (fs::exists(worktree + "/.git"))
    throw cannot_run(worktree + ": is a worktree of another repository; run plumbline bisect --clean there");
  std::error_code failed;
  fs::remove_all(base, failed);
  if (failed) throw cannot_run(base + ": cannot be removed: " + failed.message());
  say(there   ? "removed " + base + "\n"
      : known ? "removed git's entry of the worktree " + worktree + "\n"
              : "nothing to remove: there is no " + base + "\n");
  return all_pass;
}

}  // namespace plumbline::program
