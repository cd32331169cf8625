// bisect: the first commit at which a number of one case got worse.
//
// The case is frozen, the ends are measured, git asks about what lies between them, and what was found is
// told.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "ci/plumbline/bisect_case.hpp"
#include "ci/plumbline/bisect_clean.hpp"
#include "ci/plumbline/bisect_ends.hpp"
#include "ci/plumbline/bisect_measure.hpp"
#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/bisect_steps.hpp"
#include "ci/plumbline/bisect_verb.hpp"
#include "ci/plumbline/bisect_view.hpp"
#include "ci/plumbline/folder_lock.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "fixtures/store.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/sha256.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

// What the command line alone says.
bisect_plan plan_of(const bisect_request& asked, const git_repository& git) {
  bisect_plan p;
  p.repository = git.folder(), p.good = git.commit("--good", asked.good);
  p.bad = git.commit("--bad", asked.bad);
  if (p.good == p.bad) throw bad_argument("--bad", "expected another commit than --good, both are " + p.good);
  if (!git.is_ancestor(p.good, p.bad)) {
    std::string exchanged = "; the ends may be exchanged: --good " + asked.bad + " --bad " + asked.good;
    throw bad_argument("--good", "expected an ancestor of --bad, got '" + asked.good + "', which " +
                                     asked.bad + " does not come from" +
                                     (git.is_ancestor(p.bad, p.good) ? exchanged : ""));
  }
  p.metric = asked.metric, p.on = asked.on, p.repeats = asked.repeats, p.jobs = asked.work.jobs;
  p.case_timeout = asked.work.case_timeout, p.cmake = asked.cmake;
  p.parent = static_cast<int>(getpid());
  return p;
}

// Of all that a measurement depends on.  (A compiler that was replaced makes other programs of the same
// commits.)
std::string key_of(const bisect_plan& p, const frozen_case& f) {
  sha256 key;
  for (const std::string& one : {f.digest, p.row, p.on, p.good, p.repository, default_compiler(),
                                 fixtures::file_hash("/proc/self/exe")})
    key.update(one).update("\n");
  for (const std::string& one : p.cmake) key.update(one).update("\n");
  return key.hex().substr(0, 12);
}

// One for each metric and range.
std::string plot_name(const bisect_plan& p) {
  return p.metric + "_" + p.good.substr(0, 7) + "_" + p.bad.substr(0, 7) + ".svg";
}

// Asked of today's kernel, before anything is built.
void require_metric(const bisect_folder& at, const bisect_plan& p) {
  std::string why_not;
  const std::map<std::string, double> today = judge_outputs_of(at, p, at.file("today.h5"), why_not).metrics;
  if (interrupted_by()) return;
  if (!why_not.empty()) throw cannot_run("--case: today's kernel: " + why_not);
  std::vector<std::string> known;
  for (const bisect_metric& one : bisect_metrics)
    if (one.beside_good || today.count(one.name)) known.emplace_back(one.name);
  if (std::find(known.begin(), known.end(), p.metric) != known.end()) return;
  throw bad_argument("--metric",
                     "expected one that " + p.row + " has (" + joined(known) + "), got '" + p.metric + "'");
}

class bisection {
 public:
  bisection(const instrument& all, const bisect_request& asked)
      : all_(all),
        asked_(asked),
        git_("current folder", fs::current_path().string()),
        json_("--json", asked.json),
        plot_("--plot", asked.plot),
        view_(
            git_, r_,
            json_.takes_standard_output() || plot_.takes_standard_output() ? stream::error : stream::output) {
    require_distinct(json_, plot_);
    r_.plan = plan_of(asked, git_), r_.case_text = asked.case_text,
    r_.clean_up = clean_command(asked.work.out);
    r_.range = git_.between(r_.plan.good, r_.plan.bad);
    r_.range.insert(r_.range.begin(), r_.plan.good);
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    base_ = bisect_base(asked_.work.out);
    require_folder("--out", base_);
    const folder_lock lock(base_, "bisection");
    if (freeze() && measure_ends(at_, git_, asked_.threshold, r_, view_) &&
        r_.verdict == bisect_verdict::partial)
      bisect_between(at_, r_, view_);
    reset_bisection(at_, r_.plan);
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
    at_ = bisect_folder(base_ + "/" + key_of(p, f));
    if (asked_.fresh) fs::remove_all(at_.path());
    fs::create_directories(at_.path());
    for (const char* name : {"input.h5", "today.h5"}) fs::rename(fresh + "/" + name, at_.file(name));
    fs::remove_all(fresh);
    require_metric(at_, p);
    // The build is as deep below its sources as the user's own, so ccache knows what that one compiled.
    p.worktree = base_ + "/worktree", p.build = p.worktree + "/build/bisect";
    view_.print_way(at_);
    git_.require_worktree(p.worktree, p.good);
    reset_bisection(at_, p);
    return true;
  }

  void gather() {
    if (at_.path().empty()) return;
    for (const std::string& commit : r_.range)
      if (const auto m = at_.measured(commit)) r_.visited.push_back(view_.visit(commit, *m));
    if (r_.first_bad.empty()) return;
    r_.described = git_.described(r_.first_bad, "%ad  %an  %s");
    const std::string parent = git_.parent(r_.first_bad);
    for (const visited_commit& v : r_.visited)  // the parent, or the last good one before it
      if (v.side == commit_side::good && (v.commit == parent || r_.before != parent)) r_.before = v.commit;
    const visited_commit *before = r_.find(r_.before), *after = r_.find(r_.first_bad);
    if (!before || !after) return;
    r_.stage = stage_changed(at_, r_.before, r_.first_bad);
    r_.same_sources = same_sources(git_, parent, r_.first_bad);
    r_.built_otherwise = difference(before->what.built, after->what.built);
  }

  int conclude() {
    std::string not_written;
    if (!r_.visited.empty()) {
      r_.plot = plot_.wanted() ? asked_.plot : at_.file(plot_name(r_.plan));
      const std::string svg = svg_of(r_);
      not_written = plot_.wanted() ? plot_.write(svg) : result_file("--out", r_.plot).write(svg);
    }
    view_.print_report();
    require_written({not_written, json_.write(json_of(r_))});
    if (r_.verdict == bisect_verdict::partial) return 128 + interrupted_by();
    return r_.verdict == bisect_verdict::found ? all_pass : found_something;
  }

  const instrument& all_;
  const bisect_request& asked_;
  const git_repository git_;
  const result_file json_, plot_;
  bisect_report r_;
  bisect_view view_;
  std::string base_;
  bisect_folder at_{""};
};

}  // namespace

int run_bisect(const instrument& all, const bisect_request& asked) {
  note_interrupts();
  return asked.clean ? clean_bisections(asked.work.out) : bisection(all, asked).run();
}

}  // namespace plumbline::program
