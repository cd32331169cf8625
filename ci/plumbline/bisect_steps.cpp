#include "ci/plumbline/bisect_steps.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "ci/plumbline/bisect_measure.hpp"
#include "ci/plumbline/bisect_verb.hpp"
#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view mark = "@plumbline ";  // before what a step says to the run that drives it

// Ours for as long as we run, though its file be replaced by a build.
std::string this_program() { return fmt::format("/proc/{}/exe", getpid()); }

child_end git_in_worktree(const bisect_folder& at, const bisect_plan& p, std::vector<std::string> arguments,
                          child_options how = {}) {
  std::vector<std::string> command = {"git", "-C", p.worktree};
  how.log = at.file("git.log"), how.brief = arguments[1] != "run";
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_child(command, how);
}

// Commits that may still be the first bad one.
std::vector<std::string> candidates(const bisect_folder& at, const bisect_plan& p) {
  std::vector<std::string> ask = {"rev-list", "refs/bisect/bad", "--not"}, all;
  child_options how;
  how.on_line = [&](const std::string& line) { ask.push_back(line); };
  git_in_worktree(at, p, {"for-each-ref", "--format=%(objectname)", "refs/bisect/good-*"}, how);
  how.on_line = [&](const std::string& line) { all.push_back(line); };
  if (git_in_worktree(at, p, ask, how).code != 0) throw cannot_run("git bisect: see " + at.file("git.log"));
  return all;
}

// Listens to the steps.
child_end run_steps(const bisect_folder& at, const bisect_plan& p, bisect_view& view) {
  std::string doing, current;
  child_options how;
  how.on_line = [&](const std::string& line) {
    if (line.rfind(mark, 0) != 0) return;
    const std::string said = line.substr(mark.size());
    const std::size_t space = said.find(' ');
    doing = said.substr(0, space), current = said.substr(space + 1);
    if (doing != "measured") return view.doing(doing, current);
    view.done_one();
    if (const auto m = at.measured(current)) view.print_line(view.visit(current, *m));
    current.clear();  // git asks about the next one
  };
  how.give_up = [&] {
    if (!current.empty()) view.doing(doing, current);
    return false;
  };
  return git_in_worktree(at, p, {"bisect", "run", this_program(), "bisect-step", at.path()}, how);
}

}  // namespace

void reset_bisection(const bisect_folder& at, const bisect_plan& p) {
  if (!p.worktree.empty() && fs::exists(p.worktree)) git_in_worktree(at, p, {"bisect", "reset"});
}

void bisect_between(const bisect_folder& at, bisect_report& r, bisect_view& view) {
  const bisect_plan& p = r.plan;
  child_end end = git_in_worktree(at, p, {"bisect", "start", "--no-checkout", p.bad, p.good});
  std::vector<std::string> left = candidates(at, p);
  if (left.size() > 1 && !interrupted_by()) {
    end = run_steps(at, p, view);
    left = candidates(at, p);
  }
  if (left.size() == 1) {
    r.verdict = bisect_verdict::found, r.first_bad = left.front();
    return;
  }
  if (interrupted_by() || end.ended) return;
  if (!std::all_of(left.begin(), left.end(),
                   [&](const std::string& one) { return at.measured(one).has_value(); }))
    throw cannot_run("git bisect ended early: " + end.last_line() + " (log: " + at.file("git.log") + ")");
  r.verdict = bisect_verdict::untestable, r.candidates = left;
  r.message =
      fmt::format("the first bad commit is one of {}, of which the others give no number:", left.size());
}

int run_bisect_step(const bisect_step_request& asked) {
  constexpr int no_answer = 255;  // git bisect ends; any smaller number would be an answer
  constexpr int untestable = 125;
  note_interrupts();
  try {
    const bisect_folder at(asked.folder);
    const bisect_plan p = at.plan();
    const std::string commit = git_repository("DIR", p.worktree).commit("BISECT_HEAD", "BISECT_HEAD");
    const auto orphaned = [&] { return kill(p.parent, 0) != 0; };
    const auto m = measure(
        at, p, commit, [&](const std::string& what) { say(std::string(mark) + what + " " + commit + "\n"); },
        orphaned);
    if (!m) return no_answer;
    say(std::string(mark) + "measured " + commit + "\n");
    const commit_side side = side_of(*m, p.metric, p.threshold);
    return side == commit_side::good ? 0 : side == commit_side::bad ? 1 : untestable;
  } catch (const std::exception& e) {
    say(std::string("plumbline: ") + e.what() + "\n");
    return no_answer;
  }
}

}  // namespace plumbline::program
