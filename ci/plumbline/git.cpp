#include "ci/plumbline/git.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>

#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/instrument.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

child_end git(const std::string& folder, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"git", "-C", folder};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string all;
  child_options how;
  how.brief = true;
  how.on_line = [&](const std::string& line) { all += line + "\n"; };
  child_end end = run_child(command, how);
  if (end.code == 0) end.said = all;  // whole, however long
  return end;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

constexpr std::chrono::milliseconds last_words(10000), between_looks(50);

std::vector<fs::path> locks_in(const std::string& folder) {
  std::vector<fs::path> all;
  std::error_code none;
  for (const fs::directory_entry& one : fs::directory_iterator(folder, none))
    if (one.path().extension() == ".lock") all.push_back(one.path());
  return all;
}

// Nobody works in our worktree but us.  A git of a run that was ended may still be ending, and then releases
// its locks; one that was killed has left them.
void await_locks(const std::string& folder) {
  const auto until = std::chrono::steady_clock::now() + last_words;
  while (!locks_in(folder).empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(between_looks);
  std::error_code none;
  for (const fs::path& lock : locks_in(folder)) fs::remove(lock, none);
}

}  // namespace

git_repository::git_repository(const std::string& argument, const std::string& folder) {
  const child_end top = git(folder, {"rev-parse", "--show-toplevel"});
  if (top.code != 0) throw bad_argument(argument, "expected one of a git repository, got '" + folder + "'");
  folder_ = top.last_line();
}

std::string git_repository::ask(const std::vector<std::string>& arguments) const {
  child_end end = git(folder_, arguments);
  if (end.code != 0) throw cannot_run("git " + arguments[0] + ": " + end.last_line());
  while (!end.said.empty() && end.said.back() == '\n') end.said.pop_back();
  return end.said;
}

std::string git_repository::commit(const std::string& argument, const std::string& rev) const {
  const child_end found = git(folder_, {"rev-parse", "--verify", "--quiet", rev + "^{commit}"});
  if (found.code == 0) return found.last_line();
  std::vector<std::string> known = {"HEAD"};
  for (std::string& name : lines_of(ask({"for-each-ref", "--format=%(refname:short)"})))
    known.push_back(std::move(name));
  throw bad_argument(argument, "expected a commit of " + folder_ + ", got '" + rev + "'" + guess(rev, known));
}

bool git_repository::is_ancestor(const std::string& a, const std::string& b) const {
  return git(folder_, {"merge-base", "--is-ancestor", a, b}).code == 0;
}

std::vector<std::string> git_repository::between(const std::string& good, const std::string& bad) const {
  return lines_of(ask({"rev-list", "--topo-order", "--reverse", bad, "^" + good}));
}

std::string git_repository::parent(const std::string& commit) const {
  const child_end found = git(folder_, {"rev-parse", "--verify", "--quiet", commit + "^1"});
  return found.code == 0 ? found.last_line() : "";
}

std::string git_repository::described(const std::string& commit, const std::string& format) const {
  return ask({"log", "-1", "--no-color", "--format=" + format, commit});
}

std::vector<std::string> git_repository::changed(const std::string& a, const std::string& b) const {
  return lines_of(ask({"diff", "--name-only", "--no-renames", a, b}));
}

void git_repository::require_worktree(const std::string& folder, const std::string& commit) const {
  std::error_code none;
  if (fs::exists(fs::path(folder) / ".git", none)) {
    const child_end its = git(folder, {"rev-parse", "--path-format=absolute", "--git-common-dir"});
    if (its.code == 0 &&
        its.last_line() == ask({"rev-parse", "--path-format=absolute", "--git-common-dir"})) {
      await_locks(git(folder, {"rev-parse", "--path-format=absolute", "--git-dir"}).last_line());
      return;
    }
  }
  fs::remove_all(folder, none);
  ask({"worktree", "add", "--force", "--detach", "--quiet", folder, commit});
}

bool git_repository::remove_worktree(const std::string& folder) const {
  std::error_code none;
  const std::vector<std::string> all = lines_of(ask({"worktree", "list", "--porcelain"}));
  if (std::find(all.begin(), all.end(), "worktree " + fs::weakly_canonical(folder).string()) == all.end())
    return false;
  if (!fs::exists(fs::path(folder) / ".git", none)) fs::remove_all(folder, none);  // git would refuse it
  ask({"worktree", "remove", "--force", "--force", folder});
  return true;
}

}  // namespace plumbline::program
