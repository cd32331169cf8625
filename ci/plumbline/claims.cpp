// claims: what was proposed upstream, each proposal run as its author wrote it and judged by the laws.
//
// A subject is a row like any other, so it runs in the campaign that verify runs, and what fails is shrunk as
// there.  One failing case rejects; an acceptance needs every case to hold and the subject's twin, in which a
// fault is planted, to be rejected by the same number of cases.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <map>

#include "ci/plumbline/campaign.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/proposal_report.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/shrink.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

class no_errands final : public errands {
 public:
  std::optional<work> next() override { return std::nullopt; }
  bool take(const finished&) override { return false; }
};

/// S7 means S7-int8-draft, too.
bool means(const std::string& asked, std::string_view id) {
  return id == asked || id.substr(0, asked.size() + 1) == asked + "-";
}

std::vector<const proposal*> chosen(const instrument& all, const std::vector<std::string>& ids) {
  if (all.proposals.proposals == nullptr)
    throw cannot_run("claims: this program was built without proposals");
  std::vector<const proposal*> some;
  std::vector<std::string> known;
  for (const proposal& p : *all.proposals.proposals) {
    add_once(known, std::string(p.id));
    if (ids.empty() ||
        std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return means(id, p.id); }))
      some.push_back(&p);
  }
  for (const std::string& id : ids)
    if (std::none_of(some.begin(), some.end(), [&](const proposal* p) { return means(id, p->id); }))
      throw bad_argument("ID", "expected one of " + joined(known) + ", got '" + id + "'");
  return some;
}

/// The row of a subject FUNCTION/VARIANT; an operation that is null: there is none.
row row_of(const instrument& all, std::string_view subject) {
  const std::size_t slash = subject.find('/');
  for (const operation* o : all.subjects)
    for (const variant_info& v : o->variants(side::host))
      if (o->function() == subject.substr(0, slash) && v.name == subject.substr(slash + 1) &&
          !v.contracts.empty())
        return {o, v.name, v.contracts.front(), v.contracts.front().in};
  return {};
}

class judging {
 public:
  judging(const instrument& all, const claims_request& asked)
      : all_(all),
        asked_(asked),
        proposals_(chosen(all, asked.ids)),
        json_("--json", asked.json),
        bar_(json_.takes_standard_output() ? stream::error : stream::output) {
    for (const proposal* p : proposals_)
      for (const std::string_view form : {p->written, p->within, p->repaired})
        if (!form.empty()) add(std::string(form)), add(std::string(form) + std::string(fault_suffix));
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout);
    report_.jobs = pool.jobs(), report_.seed = asked_.seed, report_.cases_asked = asked_.cases;
    const bool whole = run_subjects(pool) && find_smallest(pool);
    report_.partial = !whole;
    for (const proposal* p : proposals_)
      if (whole || all_ran(*p)) report_.judged.push_back(judged(*p));
    if (whole && !asked_.no_figures && asked_.ids.empty() && all_.proposals.measured)
      report_.figures = all_.proposals.measured();
    report_.out_of_scope = all_.proposals.out_of_scope;
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const stream to = json_.takes_standard_output() ? stream::error : stream::output;
    bar_.print((report_.partial ? "interrupted, partial result\n" : "") +
               text_of(report_, colour_wanted(to), terminal_width(to)));
    require_written({json_.write(json_of(report_))});
    if (report_.partial) return 128 + interrupted_by();
    const bool expected = std::all_of(report_.judged.begin(), report_.judged.end(),
                                      [](const judged_proposal& j) { return j.as_expected(); });
    return expected ? all_pass : found_something;
  }

 private:
  void add(const std::string& subject) {
    const row r = row_of(all_, subject);
    if (r.op == nullptr) return;
    if (!subjects_.emplace(subject, rows_.size()).second) return;
    rows_.push_back(r);
  }

  bool run_subjects(worker_pool& pool) {
    verify_request how;
    how.cases = asked_.cases, how.seed = asked_.seed, how.max_failures = 1, how.all_laws = true;
    campaign all(how, rows_);
    no_errands none;
    const bool whole = all.run(
        pool,
        [&](const failure& f) {
          if (f.verdict == outcome::fail && f.law != not_examined)
            failures_.emplace(f.row, f);
          else
            unclear_.emplace(f.row, f.message);
        },
        none, [&] { bar_.show("subjects", all.judged(), all.wanted(), ""); });
    for (std::size_t i = 0; i < rows_.size(); ++i) cases_.push_back(all.rows()[i].counts.cases());
    return whole;
  }

  // Of a form that fails; those of twins are nobody's.
  bool find_smallest(worker_pool& pool) {
    for (const proposal* p : proposals_)
      for (const std::string_view form : {p->written, p->repaired}) {
        failure* f = form.empty() ? nullptr : failure_of(form);
        if (f == nullptr || !f->smallest.empty() || !replayable(*f)) continue;
        if (!shrink(all_, pool, asked_.work, *f, [&](int tried) {
              bar_.show("shrinking " + f->row, tried, asked_.work.shrink_steps, f->law);
            }))
          return false;
      }
    return true;
  }

  const row* row_named(std::string_view subject) const {
    const auto found = subjects_.find(std::string(subject));
    return found == subjects_.end() ? nullptr : &rows_[found->second];
  }
  failure* failure_of(std::string_view subject) {
    const row* r = row_named(subject);
    const auto found = r == nullptr ? failures_.end() : failures_.find(r->name());
    return found == failures_.end() ? nullptr : &found->second;
  }
  std::int64_t cases_of(std::string_view subject) const {
    const auto found = subjects_.find(std::string(subject));
    return found == subjects_.end() || found->second >= cases_.size() ? 0 : cases_[found->second];
  }

  /// False for a proposal of which an interrupted run has not judged every subject.
  bool all_ran(const proposal& p) {
    for (const std::string_view form : {p.written, p.within, p.repaired})
      for (const std::string& subject : {std::string(form), std::string(form) + std::string(fault_suffix)})
        if (row_named(subject) != nullptr && failure_of(subject) == nullptr &&
            cases_of(subject) < asked_.cases)
          return false;
    return true;
  }

  /// Whether a form holds, and why that is not to be trusted where it is not.
  judgement of_form(std::string_view form, std::string& message) {
    if (form.empty()) return judgement::none;
    if (const failure* f = failure_of(form)) {
      message = (f->message.rfind(f->law + ":", 0) == 0 ? "" : f->law + ": ") + f->message;
      return judgement::rejected;
    }
    const std::string twin = std::string(form) + std::string(fault_suffix);
    const row* r = row_named(form);
    if (r == nullptr)
      message = std::string(form) + " is not built in";
    else if (unclear_.count(r->name()))
      message = std::string(form) + ": " + unclear_.at(r->name());
    else if (cases_of(form) < asked_.cases)
      message = fmt::format("{} was judged on {} of {}", form, cases_of(form), counted(asked_.cases, "case"));
    else if (row_named(twin) == nullptr)
      message = std::string(form) + " has no twin with a fault";
    else if (failure_of(twin) == nullptr)
      message = fmt::format("{} passes too", twin);
    return message.empty() ? judgement::accepted : judgement::mistrusted;
  }

  judged_proposal judged(const proposal& p) {
    judged_proposal j;
    j.what = &p;
    std::string why_repaired, why_within;
    j.written = p.written.empty() ? judgement::not_executable : of_form(p.written, j.message);
    j.repaired = of_form(p.repaired, why_repaired);
    if (j.written == judgement::rejected && of_form(p.within, why_within) == judgement::accepted)
      j.written = judgement::conditional;
    for (const auto& [form, why] :
         {std::pair("within the condition", why_within), {"repaired", why_repaired}})
      if (!why.empty()) j.message += fmt::format("{}{}: {}", j.message.empty() ? "" : "; ", form, why);
    for (const std::string_view form : {p.repaired, p.written})
      if (const failure* f = form.empty() ? nullptr : failure_of(form))
        j.counterexample = f->smallest.empty() ? f->case_text : f->smallest;
    for (const std::string_view form : {p.written, p.within, p.repaired})
      if (!form.empty()) j.cases += cases_of(form) + cases_of(std::string(form) + std::string(fault_suffix));
    return j;
  }

  const instrument& all_;
  const claims_request& asked_;
  const std::vector<const proposal*> proposals_;
  const result_file json_;
  progress bar_;
  std::vector<row> rows_;
  std::vector<std::int64_t> cases_;              // judged, of each row
  std::map<std::string, std::size_t> subjects_;  // row of each
  std::map<std::string, failure> failures_;      // the first of each row
  std::map<std::string, std::string> unclear_;   // of a row: a case that says nothing
  proposals_report report_;
};

}  // namespace

int run_claims(const instrument& all, const claims_request& asked) {
  note_interrupts();
  return judging(all, asked).run();
}

}  // namespace plumbline::program
