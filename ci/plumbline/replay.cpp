// replay: runs cases again, given as lines of text or as files of cases.
//
// A file that this program wrote carries the line of each case; the line is run when its generators are ours,
// and the stored inputs otherwise.  Files from elsewhere are their inputs.  A malformed line is bad usage; a
// case of a file that cannot be run fails like one that was run, and the others go on.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/planned_cases.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/saved_failures.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

// Files of one case each that workers write, read again into the file that was asked for.
class parts_folder {
 public:
  explicit parts_folder(const std::string& out)
      : path_((out.empty() ? temporary_folder() : fs::path(out)) /
              fmt::format("{}outputs-{}", out.empty() ? "plumbline-" : "", ::getpid())) {}
  ~parts_folder() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  parts_folder(const parts_folder&) = delete;
  parts_folder& operator=(const parts_folder&) = delete;
  std::string file(std::size_t which) const { return (path_ / fmt::format("{}.h5", which)).string(); }

 private:
  fs::path path_;
};

class replaying {
 public:
  replaying(const instrument& all, const replay_request& asked)
      : all_(all),
        asked_(asked),
        plan_(plan_cases(all, asked.cases, asked.on)),
        specs_(plan_.cases),
        to_(results_of(asked, plan_.read)),
        bar_(to_.text),
        parts_(asked.work.out) {
    results_.resize(specs_.size());
  }

  int run() {
    const bool colour = colour_wanted(to_.text);
    for (const auto& [why, n] : plan_.unknown)
      bar_.print(fmt::format("not run: {}: {}\n", counted(n, "case"), why));
    for (const std::string& why : plan_.unrunnable) bar_.print("FAIL  cannot be run: " + why + "\n");
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout, specs_.size());
    const bool whole = pump(
        pool, [&] { return next(); }, [&](const finished& f) { take(f); },
        [&] {
          bar_.show("replayed", static_cast<std::int64_t>(done_), static_cast<std::int64_t>(specs_.size()),
                    "");
        });
    if (whole && !refused_.empty()) throw bad_argument("CASE", refused_);
    std::int64_t count[4] = {};
    count[static_cast<int>(outcome::fail)] = static_cast<std::int64_t>(plan_.unrunnable.size());
    for (const auto& r : results_)
      if (r) print(*r, colour), ++count[static_cast<int>(r->result)];
    if (!whole)
      bar_.print(
          fmt::format("interrupted, partial result: {} of {}\n", done_, counted(specs_.size(), "case")));
    if (specs_.size() > 1 || !whole)
      bar_.print(fmt::format("{} pass, {} fail, {} mistrusted, {} skipped\n", count[0], count[1], count[2],
                             count[3]));
    const bool judged = count[0] + count[1] + count[2] > 0;
    if (whole && !judged) bar_.print("nothing judged: every variant skipped\n");
    require_written({to_.outputs.wanted() ? write_outputs(whole) : "",
                     to_.json.wanted() ? to_.json.write(json_of(results_, !whole)) : ""});
    if (!whole) return 128 + interrupted_by();
    if (!judged) return could_not_run;
    return count[1] + count[2] == 0 ? all_pass : found_something;
  }

 private:
  struct results {
    result_file json, outputs;
    stream text;
  };

  static results results_of(const replay_request& asked, const std::vector<std::string>& read) {
    results to{{"--json", asked.json}, {"--outputs", asked.outputs}, stream::output};
    require_distinct(to.json, to.outputs);
    if (to.json.takes_standard_output() || to.outputs.takes_standard_output()) to.text = stream::error;
    require_not_read(to.json, read), require_not_read(to.outputs, read);
    if (to.outputs.wanted() && !asked.work.out.empty()) {
      require_folder("--out", asked.work.out);
      sweep(asked.work.out);
    }
    return to;
  }

  std::optional<work> next() {
    if (!to_save_.empty()) {
      work w;
      w.what = task::save, w.outputs = true, w.taps = asked_.taps, w.index = to_save_.front();
      w.case_text = specs_[w.index].spec.str(), w.file = parts_.file(w.index);
      w.attributes = {{"case", w.case_text}};
      to_save_.pop_front();
      return w;
    }
    if (given_ == specs_.size()) return std::nullopt;
    work w;
    w.what = task::examine, w.index = given_, w.case_text = specs_[given_++].spec.str(), w.all_laws = true;
    return w;
  }

  void take(const finished& f) {
    if (f.asked.what == task::save) {
      const std::string why = f.lost.empty() ? f.got.error : f.lost;
      if (why.empty())
        saved_.push_back(f.asked.index);
      else
        bar_.print(fmt::format("no outputs of {}: {}\n", f.asked.case_text, why));
      return;
    }
    if (f.got.usage && refused_.empty() && !specs_[f.asked.index].from_file) refused_ = f.got.error;
    const case_result& r = results_[f.asked.index].emplace(result_of(f));
    ++done_;
    if (to_.outputs.wanted() && r.result != outcome::skipped && r.failed_law != "completes" &&
        r.failed_law != not_examined)
      to_save_.push_back(f.asked.index);
  }

  void print(const case_result& r, bool colour) {
    if (r.result == outcome::fail || r.result == outcome::mistrusted) {
      const case_spec spec = case_spec::parse(r.case_text);
      const std::string row = spec.op + "." + spec.function + "/" + spec.variant;
      bar_.print(describe(failure_from(row, 0, r), colour) + "\n");
      return;
    }
    const bool pass = r.result == outcome::pass;
    bar_.print(fmt::format(
        "{}  {}\n  {}\n", inked(pass ? "pass" : "skip", pass ? ink::green : ink::dim, colour), r.case_text,
        pass ? fmt::format("budget used {:.3g}, {}, {:.3f} s, digest {}", r.judged.budget_used(),
                           counted(r.judged.elements, "element"), r.seconds, r.digest)
             : r.skip_reason));
  }

  std::string write_outputs(bool whole_run) {
    std::vector<recorded_case> written;
    std::sort(saved_.begin(), saved_.end());
    for (const std::size_t which : saved_) {
      written.push_back(load_recorded(cases_of(parts_.file(which)).at(0)));
      written.back().name = fmt::format("case{}", which);
      if (asked_.taps && written.back().taps.size() == 0)
        bar_.print(fmt::format("no taps of {}: {}\n", specs_[which].spec.str(),
                               why_nothing_shown(*results_[which])));
    }
    if (written.empty() && !whole_run) return "";
    if (written.empty()) return "--outputs: no case gave outputs, nothing was written";
    const std::string whole = parts_.file(specs_.size());
    save_cases(whole, written);
    if (const std::string why = to_.outputs.write(bytes_of(whole)); !why.empty()) return why;
    bar_.print(fmt::format("outputs of {}: {}\n", counted(written.size(), "case"), asked_.outputs));
    return "";
  }

  const instrument& all_;
  const replay_request& asked_;
  const case_plan plan_;
  const std::vector<planned_case>& specs_;
  const results to_;
  progress bar_;
  parts_folder parts_;
  std::vector<std::optional<case_result>> results_;
  std::deque<std::size_t> to_save_;
  std::vector<std::size_t> saved_;
  std::string refused_;
  std::size_t given_ = 0, done_ = 0;
};

}  // namespace

int run_replay(const instrument& all, const replay_request& asked) {
  note_interrupts();
  return replaying(all, asked).run();
}

}  // namespace plumbline::program
