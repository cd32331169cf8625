// A git repository, through the git program: names of commits, what lies between them, worktrees.
#pragma once

#include <string>
#include <vector>

namespace plumbline::program {

class git_repository {
 public:
  /// The repository that `folder` lies in; bad_argument naming `argument` when it lies in none.
  git_repository(const std::string& argument, const std::string& folder);

  const std::string& folder() const { return folder_; }

  /// Full hash of the commit that REV names; bad_argument naming `argument`, with the name that it was
  /// probably meant to be.
  std::string commit(const std::string& argument, const std::string& rev) const;
  bool is_ancestor(const std::string& a, const std::string& b) const;
  /// Commits that `bad` has and `good` has not, parents first.
  std::vector<std::string> between(const std::string& good, const std::string& bad) const;
  /// First parent; empty: none.
  std::string parent(const std::string& commit) const;
  /// `format` as `git log` takes it: "%h %s".
  std::string described(const std::string& commit, const std::string& format) const;
  /// Files that differ between two commits.
  std::vector<std::string> changed(const std::string& a, const std::string& b) const;

  /// Makes the worktree in `folder` unless it is there.  Locks that a git of an earlier run left in it are
  /// waited for, ten seconds, and then removed.
  void require_worktree(const std::string& folder, const std::string& commit) const;

  /// Removes the worktree in `folder` and git's entry of it, also where only the entry is left.  False: the
  /// repository has none there.
  bool remove_worktree(const std::string& folder) const;

  /// What `git ARGUMENTS` prints, without the last line's end; cannot_run with its last line when it fails.
  std::string ask(const std::vector<std::string>& arguments) const;

 private:
  std::string folder_;
};

}  // namespace plumbline::program
