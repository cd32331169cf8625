// verify: saved failures first, then real input, then generated cases; then what failed is shrunk and saved.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "ci/plumbline/baseline.hpp"
#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/shrink.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"

namespace plumbline::program {

namespace {

constexpr std::int64_t cases_for_floors = 100;  // below, the shares of rare classes are noise
constexpr double last_seconds = 4;       // behind a signal, for what was printed and is not on the disk yet
constexpr std::int64_t lines_a_row = 5;  // further failures of a row and law that get a line; all are counted

std::unique_ptr<executor> executor_named(const instrument& all, const std::string& name) {
  std::string why_not;
  std::unique_ptr<executor> e = all.make_executor(name, why_not);
  if (!e) throw cannot_run(why_not);
  return e;
}

// Nothing runs before there is a place for all that the run will leave.
result_files results_of(const verify_request& asked) {
  if (asked.recorded != recorded_use::no) require_recorded_cases();
  require_folder("--out", asked.work.out);
  require_folder("--out", asked.work.out + "/failures");
  sweep(asked.work.out);
  result_files to(asked.json, asked.report);
  std::vector<std::string> read = case_files_in(asked.work.out + "/failures");
  if (asked.recorded != recorded_use::no)
    for (const std::string& file : case_files_in(recorded_folder())) read.push_back(file);
  for (const result_file* one : {&to.json, &to.page}) require_not_read(*one, read);
  return to;
}

class verification {
 public:
  verification(const instrument& all, const verify_request& asked)
      : all_(all),
        asked_(asked),
        place_(executor_named(all, asked.on)),
        rows_(select_rows(all, place_->kernels(), asked.rows, asked.type, asked.regime, report_.left_out)),
        baseline_(asked.baseline.empty() ? std::nullopt
                                         : std::make_optional<baseline>(asked.baseline, asked.on)),
        to_(results_of(asked)),
        colour_(colour_wanted(to_.text())),
        saver_(asked.work.out),
        bar_(to_.text()) {
    if (baseline_)
      baseline_->require_a_row_of(asked.recorded == recorded_use::only ? std::vector<row>() : rows_,
                                  asked.regime);
    report_.machine = machine_of(place_.get()), report_.commit = built_commit();
    report_.seed = asked.seed, report_.executor = asked.on;
    report_.shard = asked.shard, report_.shards = asked.shards, report_.cases_asked = asked.cases;
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout);
    report_.jobs = pool.jobs();
    const bool whole = examine_all(pool);
    if (whole) shrink_all(pool);
    report_.partial = interrupted_by() != 0;
    if (report_.partial) save_what_was_printed(pool);
    bar_.clear();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    finish();
    if (report_.partial) return 128 + interrupted_by();
    const int code = exit_code_of(report_);
    if (code == all_pass && baseline_) baseline_->require_compared(report_);
    return code;
  }

 private:
  bool examine_all(worker_pool& pool) {
    const bool recorded = asked_.recorded != recorded_use::no;
    if (!replay_saved(pool, asked_.work.out, rows_, asked_.on, report_.replayed,
                      [&] { bar_.show("saved failures", 0, 0, ""); }))
      return false;
    for (const replayed_failure& r : report_.replayed)
      if (r.result.result != outcome::pass && r.result.result != outcome::skipped) {
        failure f = failure_from(r.row, 0, r.result);
        f.file = r.file, ++seen_[{f.row, r.law.empty() ? f.law : r.law}];
        note(f);
      } else if (!r.not_moved.empty()) {
        bar_.print(fmt::format("{} passes and stays where it is: {}\n", r.file, r.not_moved));
      }
    if (recorded && !run_recorded(
                        all_, pool, asked_, rows_, report_.recorded, [&](const failure& f) { note(f); },
                        [&](std::size_t done, std::size_t all) {
                          bar_.show("recorded cases", static_cast<std::int64_t>(done),
                                    static_cast<std::int64_t>(all), failed_so_far());
                        }))
      return false;
    if (asked_.recorded == recorded_use::only) return true;
    campaign generated(asked_, rows_);
    const bool whole = generated.run(
        pool, [&](const failure& f) { note(f); }, saver_,
        [&] { bar_.show("generated cases", generated.judged(), generated.wanted(), failed_so_far()); });
    report_.rows = generated.rows();
    return whole;
  }

  std::string failed_so_far() const {
    return report_.failures.empty() ? "" : fmt::format("{} failed", report_.failures.size());
  }

  // Printed at once, before anything is shrunk: the first of each row and law in full, some more as a line.
  void note(const failure& found) {
    report_.failures.push_back(found);
    failure& f = report_.failures.back();
    if (f.verdict == outcome::fail && f.file.empty() && f.recorded.empty() && f.law != "reference_agrees" &&
        seen_[{f.row, f.law}]++ == 0) {
      to_shrink_.push_back(&f);
      saver_.want(f);
    }
    const std::int64_t seen = ++shown_[{f.row, f.law}];
    if (seen == 1)
      bar_.print(describe(f, colour_) + "\n");
    else if (seen <= lines_a_row)
      bar_.print(fmt::format("again {} {}: {}\n", f.row, f.law,
                             replayable(f) ? "plumbline replay '" + f.case_text + "'" : f.case_text));
  }

  // The first failure of each row and law, unless a saved case shows it already.
  void shrink_all(worker_pool& pool) {
    if (!saver_.run(pool)) return;
    std::stable_sort(to_shrink_.begin(), to_shrink_.end(),
                     [](const failure* a, const failure* b) { return a->row < b->row; });
    for (failure* one : to_shrink_) {
      failure& f = *one;
      if (!replayable(f)) continue;
      const bool hang = f.law == "completes" && f.message.find("no answer within") != std::string::npos;
      if (f.law == not_examined) continue;
      if (!hang && !shrink(all_, pool, asked_.work, f, [&](int tried) {
            bar_.show("shrinking " + f.row, tried, asked_.work.shrink_steps, f.law);
          }))
        return;
      saver_.want(f);
      if (!saver_.run(pool)) return;
      bar_.print("smallest failing case" + std::string(hang ? " (a hang is not shrunk)" : "") + "\n" +
                 describe(f, colour_) + "\n");
    }
  }

  void save_what_was_printed(worker_pool& pool) {
    saver_.run_last(pool, last_seconds);
    sweep(asked_.work.out);
    for (const failure* f : to_shrink_)
      if (replayable(*f))
        bar_.print(f->file.empty() ? fmt::format("not saved: {} {}: {}\n", f->row, f->law, f->not_saved)
                                   : fmt::format("saved: {}\n", f->file));
  }

  void finish() {
    report_.classes = coverage_of(report_.rows);
    const std::int64_t share = asked_.cases / asked_.shards;
    report_.floors_asked = !report_.rows.empty() && asked_.regime.empty() && !report_.partial &&
                           (asked_.minutes > 0 ? false : share >= cases_for_floors);
    if (report_.floors_asked)
      report_.floors_hold = std::all_of(report_.classes.begin(), report_.classes.end(),
                                        [](const coverage& c) { return c.of == 0 || c.met(); });
    if (baseline_ && !baseline_->compare(report_, [] { return interrupted_by() != 0; }))
      report_.partial = true;
    report_.failures.sort([](const failure& a, const failure& b) {
      return a.row != b.row ? a.row < b.row : a.index < b.index;
    });
    bar_.print(text_report(report_, colour_, terminal_width(to_.text())));
    const std::vector<std::string> complaints = {
        to_.json.wanted() ? to_.json.write(json_report(report_)) : "",
        to_.page.wanted() ? to_.page.write(html_report(report_)) : ""};
    if (to_.page.wanted() && complaints[1].empty()) bar_.print("report: " + asked_.report + "\n");
    if (!report_.failures.empty() && !report_.partial) bar_.print(last_words());
    require_written(complaints);
  }

  // A log's last lines are what a reader of a failed job sees.
  std::string last_words() const {
    const failure* chosen = &report_.failures.front();
    for (const failure& f : report_.failures)
      if (!f.smallest.empty() || !f.file.empty()) {
        chosen = &f;
        break;
      }
    return "\n" + describe(*chosen, colour_);
  }

  const instrument& all_;
  const verify_request& asked_;
  run_report report_;
  const std::unique_ptr<executor> place_;
  const std::vector<row> rows_;
  const std::optional<baseline> baseline_;
  const result_files to_;
  const bool colour_;
  failure_saver saver_;
  std::vector<failure*> to_shrink_;  // the first of each row and law
  std::map<std::pair<std::string, std::string>, std::int64_t> shown_, seen_;
  progress bar_;
};

}  // namespace

int run_verify(const instrument& all, const verify_request& asked) {
  note_interrupts();
  return verification(all, asked).run();
}

}  // namespace plumbline::program
