// replay: runs cases again, given as lines of text or as files of cases.
//
// A file that this program wrote carries the line of each case; the line is run when its generators are ours,
// and the stored inputs otherwise.  Files from elsewhere are their inputs.
#include <fmt/format.h>

#include <filesystem>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

bool names_a_file(const std::string& text) {
  const std::string file = split_case_path(text).first;
  return file.size() > 3 && file.compare(file.size() - 3, 3, ".h5") == 0 &&
         text.find(':') == std::string::npos;
}

class replaying {
 public:
  replaying(const instrument& all, const replay_request& asked) : all_(all), asked_(asked) {
    for (const std::string& text : asked.cases)
      if (names_a_file(text))
        add_file(text);
      else
        add_line(case_spec::parse(text));
  }

  int run() {
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout, specs_.size());
    results_.resize(specs_.size());
    std::size_t given = 0;
    std::string refused;
    const bool colour = colour_wanted();
    bool whole = pump(
        pool,
        [&]() -> std::optional<work> {
          if (given == specs_.size()) return std::nullopt;
          work w;
          w.what = task::examine, w.index = given, w.case_text = specs_[given++].str(), w.all_laws = true;
          return w;
        },
        [&](const finished& f) {
          if (f.got.usage && refused.empty()) refused = f.got.error;
          results_[f.asked.index] = result_of(f);
          ++done_;
        },
        [&] {
          bar_.show("replayed", static_cast<std::int64_t>(done_), static_cast<std::int64_t>(specs_.size()),
                    "");
        });
    if (whole && !refused.empty()) throw bad_argument("CASE", refused);
    for (const auto& r : results_)
      if (r) print(*r, colour);
    if (whole && !asked_.outputs.empty()) whole = write_outputs(pool);
    if (!asked_.json.empty()) write_report("--json", asked_.json, json_of(results_));
    if (!whole) return 128 + interrupted_by();
    bool judged = false, clean = true;
    for (const auto& r : results_) {
      judged |= r->result != outcome::skipped;
      clean &= r->result == outcome::pass || r->result == outcome::skipped;
    }
    if (!judged) bar_.print("mistrusted: no case was judged, every variant skipped\n");
    return judged && clean ? all_pass : found_something;
  }

 private:
  side kernels_of(const std::string& on) {
    std::string why_not;
    const std::unique_ptr<executor> e = all_.make_executor(on, why_not);
    if (!e) throw cannot_run(why_not);
    return e->kernels();
  }

  void add_line(case_spec spec) {
    if (!asked_.on.empty()) spec.executor = asked_.on;
    const operation& op = find_operation(all_, spec.op, spec.function);
    const side kernels = kernels_of(spec.executor);
    std::string known;
    for (const variant_info& v : op.variants(kernels)) {
      known += (known.empty() ? "" : ", ") + v.name;
      if (!spec.variant.empty() && spec.variant != v.name) continue;
      specs_.push_back(spec);
      specs_.back().variant = v.name;
    }
    if (specs_.empty() || (!spec.variant.empty() && specs_.back().variant != spec.variant))
      throw bad_argument(
          "CASE", "expected a variant of " + name_of(op) + " (" + known + "), got '" + spec.variant + "'");
  }

  void add_file(const std::string& text) {
    auto [file, path] = split_case_path(text);
    if (!fs::exists(file))
      throw bad_argument("CASE", "expected a file of cases, got '" + file + "': no such file");
    if (file.find('/') == std::string::npos) file = "./" + file;
    const std::size_t before = specs_.size();
    for (const std::string& one : cases_of(file)) {
      if (!path.empty() && split_case_path(one).second != path) continue;
      const recorded_case stored = load_recorded(one);
      const auto line = stored.options.find("case");
      if (line != stored.options.end() &&
          line->second.rfind("plumbline" + std::to_string(generator_version) + ":", 0) == 0) {
        add_line(case_spec::parse(line->second));
        continue;
      }
      for (const operation* op : all_.operations) {
        if (!op->claims_group(stored.function)) continue;
        case_spec spec;
        spec.op = op->op(), spec.function = op->function(), spec.recorded = one;
        add_line(spec);
      }
    }
    if (specs_.size() == before)
      throw bad_argument("CASE",
                         "expected a case that an operator knows, got '" + text + "': nothing to run");
  }

  void print(const case_result& r, bool colour) {
    if (r.result == outcome::fail || r.result == outcome::mistrusted) {
      bar_.print(describe(failure_from(case_spec::parse(r.case_text).variant, 0, r), colour) + "\n");
      return;
    }
    const bool pass = r.result == outcome::pass;
    bar_.print(fmt::format("{}  {}\n  {}\n",
                           inked(pass ? "pass" : "skip", pass ? ink::green : ink::dim, colour), r.case_text,
                           pass ? fmt::format("budget used {:.3g}, {} elements, {:.3f} s, digest {}",
                                              r.judged.budget_used(), r.judged.elements, r.seconds, r.digest)
                                : r.skip_reason));
  }

  bool write_outputs(worker_pool& pool) {
    const fs::path parts = fs::path(asked_.work.out) / fmt::format("outputs-{}", ::getpid());
    std::vector<recorded_case> cases(specs_.size());
    std::vector<bool> there(specs_.size(), false);
    std::size_t given = 0;
    const bool whole = pump(
        pool,
        [&]() -> std::optional<work> {
          while (given < specs_.size() && results_[given]->result == outcome::skipped) ++given;
          if (given == specs_.size()) return std::nullopt;
          work w;
          w.what = task::save, w.outputs = true, w.case_text = specs_[given].str();
          w.file = (parts / fmt::format("{}.h5", given)).string(), w.index = given++;
          w.attributes = {{"case", w.case_text}};
          return w;
        },
        [&](const finished& f) {
          if (!f.lost.empty() || !f.got.error.empty()) {
            bar_.print(fmt::format("no outputs of {}: {}\n", f.asked.case_text,
                                   f.lost.empty() ? f.got.error : f.lost));
            return;
          }
          cases[f.asked.index] = load_recorded(cases_of(f.asked.file).at(0));
          cases[f.asked.index].name = fmt::format("case{}", f.asked.index);
          there[f.asked.index] = true;
        },
        [] {});
    std::vector<recorded_case> written;
    for (std::size_t i = 0; i < cases.size(); ++i)
      if (there[i]) written.push_back(std::move(cases[i]));
    std::error_code none;
    fs::remove_all(parts, none);
    if (!whole) return false;
    if (written.empty()) throw cannot_run("--outputs: no case gave outputs");
    save_cases(asked_.outputs, written);
    bar_.print(fmt::format("outputs of {} cases: {}\n", written.size(), asked_.outputs));
    return true;
  }

  const instrument& all_;
  const replay_request& asked_;
  std::vector<case_spec> specs_;
  std::vector<std::optional<case_result>> results_;
  std::size_t done_ = 0;
  progress bar_;
};

}  // namespace

int run_replay(const instrument& all, const replay_request& asked) {
  note_interrupts();
  return replaying(all, asked).run();
}

}  // namespace plumbline::program
