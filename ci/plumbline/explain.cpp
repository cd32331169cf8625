// explain: where a case goes wrong.  It is run with its taps open, and every stage judged by what the kernel
// had before it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/planned_cases.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

class explaining {
 public:
  explaining(const instrument& all, const explain_request& asked)
      : asked_(asked),
        plan_(plan_cases(all, asked.cases, "host")),
        json_("--json", asked.json),
        text_(json_.takes_standard_output() ? stream::error : stream::output),
        bar_(text_) {
    require_not_read(json_, plan_.read);
    results_.resize(plan_.cases.size());
  }

  int run() {
    for (const auto& [why, n] : plan_.unknown)
      bar_.print(fmt::format("not run: {}: {}\n", counted(n, "case"), why));
    std::map<std::string, std::int64_t> elsewhere;
    for (const planned_case& one : plan_.cases)
      if (!one.said.empty()) ++elsewhere[one.said];
    for (const auto& [where, n] : elsewhere)
      bar_.print(fmt::format("{} executor={} and {} on the host: a kernel shows its stages there\n",
                             counted(n, "case says", "cases say"), where, n == 1 ? "runs" : "run"));
    for (const std::string& why : plan_.unrunnable) bar_.print("FAIL  cannot be run: " + why + "\n");
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout, plan_.cases.size());
    const bool whole = pump(
        pool, [&] { return next(); }, [&](const finished& f) { take(f); },
        [&] {
          bar_.show("explained", static_cast<std::int64_t>(done_),
                    static_cast<std::int64_t>(plan_.cases.size()), "");
        });
    if (whole && !refused_.empty()) throw bad_argument("CASE", refused_);
    bool failed = !plan_.unrunnable.empty(), judged = false;
    for (const auto& r : results_) {
      if (!r) continue;
      print(*r);
      judged = judged || r->result != outcome::skipped;
      failed = failed || r->result == outcome::fail || r->result == outcome::mistrusted ||
               first_outside(r->stages) != nullptr;
    }
    if (!whole)
      bar_.print(
          fmt::format("interrupted, partial result: {} of {}\n", done_, counted(plan_.cases.size(), "case")));
    require_written({json_.wanted() ? json_.write(json_of(results_, !whole)) : ""});
    if (!whole) return 128 + interrupted_by();
    if (!judged && !failed) return could_not_run;
    return failed ? found_something : all_pass;
  }

 private:
  std::optional<work> next() {
    if (given_ == plan_.cases.size()) return std::nullopt;
    work w;
    w.what = task::examine, w.index = given_, w.case_text = plan_.cases[given_++].spec.str();
    w.laws = false, w.stages = stages_wanted::always;
    return w;
  }

  void take(const finished& f) {
    if (f.got.usage && refused_.empty() && !plan_.cases[f.asked.index].from_file) refused_ = f.got.error;
    results_[f.asked.index] = result_of(f), ++done_;
  }

  void print(const case_result& r) {
    const bool colour = colour_wanted(text_), failed = r.result == outcome::fail;
    bar_.print(fmt::format(
        "{}  {}\n",
        inked(failed ? "FAIL" : std::string(name_of(r.result)), failed ? ink::red : ink::dim, colour),
        r.case_text));
    if (r.result == outcome::skipped) return bar_.print("  " + r.skip_reason + "\n");
    if (const std::string& why = r.message.empty() ? r.judged.message : r.message; !why.empty())
      bar_.print("  " + why + "\n");
    if (r.stages.empty()) return bar_.print("  " + no_stages(r) + "\n");
    text_table table({"stage", "verdict", ">budget used", ">numbers", "worst"});
    const stage_verdict* first = first_outside(r.stages);
    for (const stage_verdict& one : r.stages) {
      const bool doubtful = one.judged.result == outcome::mistrusted,
                 lost = doubtful && one.judged.elements == 0 && first != nullptr && &one > first;
      table.add(
          {one.stage, lost ? "not reached" : std::string(name_of(one.judged.result)),
           doubtful ? "-" : fmt::format("{:.3g}", one.judged.budget_used()),
           std::to_string(one.judged.elements),
           lost ? "behind " + first->stage + " nothing was left to judge it by" : worst_of(one.judged)});
    }
    bar_.print(table.str(terminal_width(text_)));
    if (first)
      bar_.print(
          fmt::format("  first stage that leaves its budget: {}\n", inked(first->stage, ink::bold, colour)));
    else
      bar_.print(
          failed ? "  every stage keeps its budget: what it is judged by has the fault, or nothing shows it\n"
          : r.result == outcome::mistrusted ? "  no stage leaves its budget\n"
                                            : "  every stage keeps its budget\n");
  }

  static std::string no_stages(const case_result& r) {
    if (r.failed_law == "completes") return "it did not complete: there are no stages";
    if (r.failed_law == not_examined) return "it was not run: there are no stages";
    return "no stages: " + why_nothing_shown(r);
  }

  // Of a stage that fails, what its first test says; the figure of the column may be another's, which is
  // named.
  static std::string worst_of(const verdict& v) {
    const bool failed = v.result == outcome::fail;
    if (!failed && !v.message.empty()) return v.message;
    const finding *first = nullptr, *worst = nullptr;
    for (const finding& one : v.findings) {
      if (failed ? one.passed() : one.where.empty()) continue;
      if (first == nullptr) first = &one;
      if (worst == nullptr || (worst->used == worst->used && !(one.used <= worst->used))) worst = &one;
    }
    if (worst == nullptr) return "";
    if (!failed) return worst->where;
    return (worst == first ? "" : fmt::format("test {} {:.3g}x; ", worst->test, worst->used)) +
           (first->test == "exact" ? "" : "test " + first->test + ": ") + first->message;
  }

  const explain_request& asked_;
  const case_plan plan_;
  const result_file json_;
  const stream text_;
  progress bar_;
  std::vector<std::optional<case_result>> results_;
  std::string refused_;
  std::size_t given_ = 0, done_ = 0;
};

}  // namespace

int run_explain(const instrument& all, const explain_request& asked) {
  note_interrupts();
  return explaining(all, asked).run();
}

}  // namespace plumbline::program
