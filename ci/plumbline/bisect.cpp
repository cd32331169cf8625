// bisect: the first commit at which a number of one case got worse.
//
// The ends are measured first; between their numbers lies the threshold.  Then `git bisect run` asks this
// program, started anew as `plumbline bisect-step`, about one commit after the other.  The bisection is
// always begun afresh in git and asked for without check-outs: a commit that was measured before costs
// nothing, so whatever ended an earlier run, this one goes on where that one stood.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "ci/plumbline/bisect_case.hpp"
#include "ci/plumbline/bisect_measure.hpp"
#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/bisect_verb.hpp"
#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/git.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "fixtures/store.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/sha256.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view mark = "@plumbline ";  // before what a step says to the run that drives it

/// One bisection a folder at a time.  Whatever we start inherits the lock, so it ends with the last of them.
class folder_lock {
 public:
  explicit folder_lock(const std::string& folder)
      : fd_(open((folder + "/lock").c_str(), O_CREAT | O_RDWR, 0666)) {
    for (int tries = 0; flock(fd_, LOCK_EX | LOCK_NB) != 0; ++tries) {
      if (tries == 150 || interrupted_by()) throw cannot_run(folder + ": another bisection works there");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  ~folder_lock() { close(fd_); }
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

 private:
  int fd_;
};

// Ours for as long as we run, though its file be replaced by a build.
std::string this_program() { return fmt::format("/proc/{}/exe", getpid()); }

// A compiler that was replaced makes other programs of the same commits.
std::string default_compiler() {
  const char* named = std::getenv("CXX");
  try {
    const child_end end = run_child({named && *named ? named : "c++", "--version"});
    return end.said.substr(0, end.said.find('\n'));
  } catch (const cannot_run&) {
    return "";
  }
}

bool is_source(const std::string& file) {
  constexpr std::string_view kinds[] = {".c",  ".cc",  ".cpp", ".cxx", ".h",   ".hh", ".hpp",
                                        ".cu", ".cuh", ".inl", ".inc", ".ipp", ".S",  ".s"};
  const std::string kind = fs::path(file).extension().string();
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

double middle(double good, double bad) {
  const double root = std::sqrt(good) * std::sqrt(bad);
  return std::isnan(root) ? 0 : root;
}

class bisection {
 public:
  bisection(const instrument& all, const bisect_request& asked)
      : all_(all),
        asked_(asked),
        git_("plumbline bisect", fs::current_path().string()),
        json_("--json", asked.json),
        plot_("--plot", asked.plot),
        text_(json_.takes_standard_output() || plot_.takes_standard_output() ? stream::error
                                                                             : stream::output),
        bar_(text_) {
    require_distinct(json_, plot_);
    bisect_plan& p = r_.plan;
    p.repository = git_.folder(), p.good = git_.commit("--good", asked.good);
    p.bad = git_.commit("--bad", asked.bad);
    if (p.good == p.bad)
      throw bad_argument("--bad", "expected another commit than --good, both are " + p.good);
    if (!git_.is_ancestor(p.good, p.bad))
      throw bad_argument("--good", "expected an ancestor of --bad, got '" + asked.good + "', which " +
                                       asked.bad + " does not come from");
    p.metric = asked.metric, p.on = asked.on, p.repeats = asked.repeats, p.jobs = asked.work.jobs;
    p.case_timeout = asked.work.case_timeout, p.cmake = asked.cmake;
    p.parent = static_cast<int>(getpid());
    range_ = git_.between(p.good, p.bad);
    range_.insert(range_.begin(), p.good);
    r_.commits = range_.size() - 1;
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    base_ = fs::absolute(asked_.work.out + "/bisect").lexically_normal().string();
    require_folder("--out", base_);
    const folder_lock lock(base_);
    if (freeze() && measure_ends() && r_.verdict == bisect_verdict::partial) drive();
    git_run({"bisect", "reset"});
    gather();
    r_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return conclude();
  }

 private:
  // False: a signal.
  bool freeze() {
    const std::string fresh = base_ + "/freezing";
    fs::remove_all(fresh);
    const frozen_case f = freeze_case(all_, asked_.case_text, asked_.on, asked_.work.case_timeout, fresh);
    if (f.ended) return false;
    bisect_plan& p = r_.plan;
    p.row = f.op + "." + f.function + "/" + f.variant, p.contract = f.contract, p.outputs = f.outputs;
    p.case_text = "plumbline1:" + p.row + ":;recorded=./input.h5#/" + f.group + "/" + f.name +
                  (p.on == "host" ? "" : ";executor=" + p.on);
    sha256 key;
    for (const std::string& one : {f.digest, p.row, p.on, p.good, p.repository, default_compiler(),
                                   fixtures::file_hash("/proc/self/exe")})
      key.update(one).update("\n");
    for (const std::string& one : p.cmake) key.update(one).update("\n");
    at_ = bisect_folder(base_ + "/" + key.hex().substr(0, 12));
    if (asked_.fresh) fs::remove_all(at_.path());
    fs::create_directories(at_.path());
    for (const char* name : {"input.h5", "today.h5"}) fs::rename(fresh + "/" + name, at_.file(name));
    fs::remove_all(fresh);
    p.worktree = base_ + "/worktree", p.build = base_ + "/build";
    require_metric();
    git_.require_worktree(p.worktree, p.good);
    git_run({"bisect", "reset"});
    return true;
  }

  // Asked of today's kernel, before anything is built.
  void require_metric() {
    std::string why_not;
    const std::map<std::string, double> today = judged_metrics(at_, r_.plan, at_.file("today.h5"), why_not);
    if (interrupted_by()) return;
    if (!why_not.empty()) throw cannot_run("--case: today's kernel: " + why_not);
    if (r_.plan.metric == "bits" || today.count(r_.plan.metric)) return;
    std::vector<std::string> known;
    for (const std::string one : bisect_metrics)
      if (one == "bits" || today.count(one)) known.push_back(one);
    throw bad_argument("--metric", "expected one that " + r_.plan.row + " has (" + joined(known) +
                                       "), got '" + r_.plan.metric + "'");
  }

  void show(const std::string& what, const std::string& commit) {
    bar_.show("bisect", static_cast<std::int64_t>(steps_done_), expected_steps(),
              what + " " + commit.substr(0, 10));
  }

  std::int64_t expected_steps() const {
    return 2 + static_cast<std::int64_t>(std::ceil(std::log2(static_cast<double>(range_.size()))));
  }

  visited_commit visit(const std::string& commit, const measured_commit& m) const {
    visited_commit v;
    v.commit = commit, v.what = m, v.subject = git_.described(commit, "%s");
    v.index = static_cast<std::size_t>(std::find(range_.begin(), range_.end(), commit) - range_.begin());
    v.side = side_of(m, r_.plan.metric, r_.plan.threshold);
    return v;
  }

  std::optional<measured_commit> measure_end(const std::string& commit, const char* which) {
    std::string doing = "reading";
    const auto m = measure(
        at_, r_.plan, commit, [&](const std::string& what) { doing = what; },
        [&] {
          show(doing, commit);
          return false;
        });
    ++steps_done_;
    if (m && values_of(*m, r_.plan.metric).empty())
      throw cannot_run(fmt::format("--{}: no {} of {}: {} (log: {})", which, r_.plan.metric,
                                   commit.substr(0, 10),
                                   m->reason.empty() ? "its outputs have no such metric" : m->reason,
                                   at_.file("logs/" + commit + ".log")));
    return m;
  }

  void end_with(bisect_verdict verdict, std::string message) {
    r_.verdict = verdict, r_.message = std::move(message);
  }

  // False: a signal.
  bool measure_ends() {
    bisect_plan& p = r_.plan;
    const auto good = measure_end(p.good, "good");
    if (!good) return false;
    const auto bad = measure_end(p.bad, "bad");
    if (!bad) return false;
    const double before = value_of(*good, p.metric), after = value_of(*bad, p.metric);
    p.threshold = asked_.threshold ? *asked_.threshold : middle(before, after);
    at_.write(p);
    for (const auto& [commit, m] : {std::pair(p.good, *good), std::pair(p.bad, *bad)})
      bar_.print(line_of(r_, visit(commit, m), colour_wanted(text_)));
    const std::vector<double> of_good = values_of(*good, p.metric), of_bad = values_of(*bad, p.metric);
    if ((good->runs.size() > 1 || bad->runs.size() > 1) &&
        (of_good.back() >= of_bad.front() || side_of(*good, p.metric, p.threshold) == commit_side::untold ||
         side_of(*bad, p.metric, p.threshold) == commit_side::untold)) {
      end_with(
          bisect_verdict::flaky,
          fmt::format("{} of the same program differs from run to run: {:.4g} to {:.4g} at the good end, "
                      "{:.4g} to {:.4g} at the bad one",
                      p.metric, of_good.front(), of_good.back(), of_bad.front(), of_bad.back()));
      return true;
    }
    if (!(after > before) || side_of(*good, p.metric, p.threshold) != commit_side::good ||
        side_of(*bad, p.metric, p.threshold) != commit_side::bad) {
      end_with(
          bisect_verdict::lost,
          fmt::format("the end points do not reproduce: {} is {:.4g} at the good end and {:.4g} at the bad "
                      "one{}",
                      p.metric, before, after,
                      asked_.threshold ? fmt::format(", bad is above {:.4g}", p.threshold) : ""));
      return true;
    }
    look_at_toolchain(p.good, p.bad, good->built, bad->built);
    if (r_.same_sources && !r_.built_otherwise.empty())
      end_with(bisect_verdict::built_otherwise,
               "no source differs between the ends, but " + r_.built_otherwise);
    return true;
  }

  void look_at_toolchain(const std::string& a, const std::string& b, const toolchain& of_a,
                         const toolchain& of_b) {
    const std::vector<std::string> changed = git_.changed(a, b);
    r_.same_sources = std::none_of(changed.begin(), changed.end(), is_source);
    r_.built_otherwise = difference(of_a, of_b);
  }

  child_end git_run(std::vector<std::string> arguments, child_options how = {}) {
    std::vector<std::string> command = {"git", "-C", r_.plan.worktree};
    if (r_.plan.worktree.empty() || !fs::exists(r_.plan.worktree)) return {};
    command.insert(command.end(), arguments.begin(), arguments.end());
    how.log = at_.file("git.log"), how.brief = arguments[1] != "run";
    return run_child(command, how);
  }

  /// Commits that may still be the first bad one.
  std::vector<std::string> candidates() {
    const child_end goods = git_run({"for-each-ref", "--format=%(objectname)", "refs/bisect/good-*"});
    std::vector<std::string> ask = {"rev-list", "refs/bisect/bad", "--not"}, all;
    for (std::size_t at = 0; at < goods.said.size();) {
      const std::size_t end = goods.said.find('\n', at);
      ask.push_back(goods.said.substr(at, end - at));
      at = end == std::string::npos ? end : end + 1;
    }
    child_options how;
    how.on_line = [&](const std::string& line) { all.push_back(line); };
    if (git_run(ask, how).code != 0) throw cannot_run("git bisect: see " + at_.file("git.log"));
    return all;
  }

  void hear(const std::string& line) {
    if (line.rfind(mark, 0) != 0) return;
    const std::string said = line.substr(mark.size());
    const std::size_t space = said.find(' ');
    doing_ = said.substr(0, space), current_ = said.substr(space + 1);
    if (doing_ != "measured") return;
    ++steps_done_;
    if (const auto m = at_.measured(current_))
      bar_.print(line_of(r_, visit(current_, *m), colour_wanted(text_)));
  }

  void drive() {
    const child_end begun = git_run({"bisect", "start", "--no-checkout", r_.plan.bad, r_.plan.good});
    std::vector<std::string> left = candidates();
    child_end end = begun;
    if (left.size() > 1 && !interrupted_by()) {
      child_options how;
      how.on_line = [&](const std::string& line) { hear(line); };
      how.give_up = [&] {
        if (!current_.empty()) show(doing_, current_);
        return false;
      };
      end = git_run({"bisect", "run", this_program(), "bisect-step", at_.path()}, how);
      left = candidates();
    }
    if (left.size() == 1) {
      r_.first_bad = left.front();
      return end_with(bisect_verdict::found, "");
    }
    if (interrupted_by() || end.ended) return;
    const bool all_tried = std::all_of(left.begin(), left.end(),
                                       [&](const std::string& one) { return at_.measured(one).has_value(); });
    if (!all_tried)
      throw cannot_run("git bisect ended early: " + end.last_line() + " (log: " + at_.file("git.log") + ")");
    r_.candidates = left;
    end_with(
        bisect_verdict::untestable,
        fmt::format("the first bad commit is one of {}, of which the others give no number:", left.size()));
  }

  void gather() {
    if (at_.path().empty()) return;
    for (const std::string& commit : range_)
      if (const auto m = at_.measured(commit)) r_.visited.push_back(visit(commit, *m));
    if (r_.first_bad.empty()) return;
    r_.described = git_.described(r_.first_bad, "%ad  %an  %s");
    const std::string parent = git_.parent(r_.first_bad);
    for (const visited_commit& v : r_.visited)  // the parent, or the last good one before it
      if (v.side == commit_side::good && (v.commit == parent || r_.before != parent)) r_.before = v.commit;
    const visited_commit *before = r_.find(r_.before), *after = r_.find(r_.first_bad);
    if (before && after) look_at_toolchain(parent, r_.first_bad, before->what.built, after->what.built);
  }

  int conclude() {
    std::string not_written;
    if (!r_.visited.empty()) {
      r_.plot = plot_.wanted() ? asked_.plot : at_.file("metric.svg");
      const std::string svg = svg_of(r_);
      not_written = plot_.wanted() ? plot_.write(svg) : result_file("--out", r_.plot).write(svg);
    }
    bar_.print(text_of(r_, colour_wanted(text_)));
    require_written({not_written, json_.write(json_of(r_))});
    if (r_.verdict == bisect_verdict::partial) return 128 + interrupted_by();
    return r_.verdict == bisect_verdict::found ? all_pass : found_something;
  }

  const instrument& all_;
  const bisect_request& asked_;
  const git_repository git_;
  const result_file json_, plot_;
  const stream text_;
  progress bar_;
  bisect_report r_;
  std::vector<std::string> range_;  // the good end first
  std::string base_, doing_, current_;
  bisect_folder at_{""};
  std::size_t steps_done_ = 0;
};

}  // namespace

int run_bisect(const instrument& all, const bisect_request& asked) {
  note_interrupts();
  return bisection(all, asked).run();
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
