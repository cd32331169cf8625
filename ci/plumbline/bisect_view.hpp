// What a bisection shows while it works: a bar, and a line for each commit once its side is known.
#pragma once

#include <string>

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/git.hpp"
#include "ci/plumbline/terminal.hpp"

namespace plumbline::program {

class bisect_view {
 public:
  bisect_view(const git_repository& git, const bisect_report& r, stream text)
      : git_(git), r_(r), text_(text), bar_(text) {}

  /// How many commits there are and about how many of them are built, before any is.
  void print_way(const bisect_folder&);
  /// "building 3f1c2ab", with the step that it is; cheap.
  void doing(const std::string& what, const std::string& commit);
  void done_one() { ++done_; }
  void print_line(const visited_commit&);
  void print_report();
  /// The commit as the report has it.
  visited_commit visit(const std::string& commit, const measured_commit&) const;

 private:
  std::int64_t steps() const;

  const git_repository& git_;
  const bisect_report& r_;
  const stream text_;
  progress bar_;
  std::int64_t done_ = 0;
};

}  // namespace plumbline::program
