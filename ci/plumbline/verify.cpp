// verify: saved failures first, then real input, then generated cases; then what failed is shrunk and saved.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/shrink.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"

namespace plumbline::program {

namespace {

constexpr std::int64_t cases_for_floors = 100;  // below, the shares of rare classes are noise
constexpr std::int64_t lines_a_row = 5;  // further failures of a row and law that get a line; all are counted

class verification {
 public:
  verification(const instrument& all, const verify_request& asked)
      : all_(all), asked_(asked), colour_(colour_wanted()) {
    std::string why_not;
    place_ = all.make_executor(asked.on, why_not);
    if (!place_) throw cannot_run(why_not);
    rows_ = select_rows(all, place_->kernels(), asked.rows, asked.type, asked.regime);
    report_.machine = machine_of(place_.get()), report_.commit = built_commit();
    report_.seed = asked.seed, report_.executor = asked.on;
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout);
    report_.jobs = pool.jobs();
    const bool whole = examine_all(pool);
    if (whole) shrink_all(pool);
    report_.partial = interrupted_by() != 0;
    bar_.clear();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    finish();
    if (report_.partial) return 128 + interrupted_by();
    return exit_code_of(report_);
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
      }
    if (recorded && !run_recorded(
                        pool, asked_, rows_, report_.recorded, [&](const failure& f) { note(f); },
                        [&](std::size_t done, std::size_t all) {
                          bar_.show("recorded cases", static_cast<std::int64_t>(done),
                                    static_cast<std::int64_t>(all), failed_so_far());
                        }))
      return false;
    if (asked_.recorded == recorded_use::only) return true;
    campaign generated(asked_, rows_);
    const bool whole = generated.run(
        pool, [&](const row_run&, const failure& f) { note(f); },
        [&] { bar_.show("generated cases", generated.judged(), generated.wanted(), failed_so_far()); });
    report_.rows = generated.rows();
    return whole;
  }

  std::string failed_so_far() const {
    return report_.failures.empty() ? "" : fmt::format("{} failed", report_.failures.size());
  }

  // Printed at once, before anything is shrunk: the first of each row and law in full, some more as a line.
  void note(const failure& f) {
    report_.failures.push_back(f);
    const std::int64_t seen = ++shown_[{f.row, f.law}];
    if (seen == 1)
      bar_.print(describe(f, colour_) + "\n");
    else if (seen <= lines_a_row)
      bar_.print(fmt::format("again {} {}: plumbline replay '{}'\n", f.row, f.law, f.case_text));
  }

  // The first failure of each row and law, unless a saved case shows it already.
  void shrink_all(worker_pool& pool) {
    std::stable_sort(report_.failures.begin(), report_.failures.end(),
                     [](const failure& a, const failure& b) {
                       return a.row != b.row ? a.row < b.row : a.index < b.index;
                     });
    for (failure& f : report_.failures) {
      if (f.verdict != outcome::fail || !f.file.empty() ||
          f.case_text.find(";recorded=") != std::string::npos || f.law == "reference_agrees" ||
          seen_[{f.row, f.law}]++)
        continue;
      const bool hang = f.law == "completes" && f.message.find("no answer within") != std::string::npos;
      if (!hang && !shrink(all_, pool, asked_.work, f, [&](int tried) {
            bar_.show("shrinking " + f.row, tried, asked_.work.shrink_steps, f.law);
          }))
        return;
      if (!save_failure(pool, asked_.work.out, f)) return;
      bar_.print("smallest failing case" + std::string(hang ? " (a hang is not shrunk)" : "") + "\n" +
                 describe(f, colour_) + "\n");
    }
  }

  void finish() {
    report_.classes = coverage_of(report_.rows);
    const std::int64_t share = asked_.cases / asked_.shards;
    report_.floors_asked = !report_.rows.empty() && asked_.regime.empty() && !report_.partial &&
                           (asked_.minutes > 0 ? false : share >= cases_for_floors);
    if (report_.floors_asked)
      report_.floors_hold = std::all_of(report_.classes.begin(), report_.classes.end(),
                                        [](const coverage& c) { return c.of == 0 || c.met(); });
    if (!asked_.json.empty()) write_report("--json", asked_.json, json_report(report_));
    if (!asked_.report.empty()) write_report("--report", asked_.report, html_report(report_));
    bar_.print(text_report(report_, colour_));
    if (!report_.failures.empty() && !report_.partial) bar_.print(last_words());
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
  const bool colour_;
  std::unique_ptr<executor> place_;
  std::vector<row> rows_;
  run_report report_;
  std::map<std::pair<std::string, std::string>, std::int64_t> shown_, seen_;
  progress bar_;
};

}  // namespace

int run_verify(const instrument& all, const verify_request& asked) {
  note_interrupts();
  return verification(all, asked).run();
}

}  // namespace plumbline::program
