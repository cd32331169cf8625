// judge: cases from elsewhere.  Outputs are judged like a kernel's, `expected_*` results are held against our
// reference.
//
// A case of a function that we know either passes or fails: one that cannot be read (a wrong shape, an
// unknown option, no contract) fails with the reason.  A group that no operator knows is unsupported: listed,
// counted and nobody's fault; a file of nothing else could not be judged.
#include <fmt/format.h>

#include <algorithm>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/html.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

std::string as_html(const std::string& file, const std::vector<external_judgement>& all, bool partial) {
  std::string rows;
  for (const external_judgement& e : all)
    rows += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.3g}</td><td>{}</td></tr>\n",
        verdict_of(e), escaped(e.group), e.kind, verdict_of(e), e.used, escaped(e.message));
  return page("judged: " + file,
              "<h1>" + escaped(file) + "</h1>\n" +
                  (partial ? "<p class=\"mistrusted\">interrupted, partial result</p>\n" : "") +
                  "<div class=\"wide\"><table><tr><th>case</th><th>held</th><th>verdict</th>"
                  "<th>budget used</th><th>what was found</th></tr>\n" +
                  rows + "</table></div>\n");
}

void require_contract(const instrument& all, const std::string& wanted) {
  if (wanted.empty()) return;
  std::vector<std::string> known;
  for (const operation* o : all.operations)
    for (const variant_info& v : o->variants(side::host))
      for (const contract& c : v.contracts) add_once(known, std::string(c.name));
  if (std::find(known.begin(), known.end(), wanted) == known.end())
    throw bad_argument("--contract", "expected one of " + joined(known) + ", got '" + wanted + "'");
}

struct judged_file {
  std::string name;
  std::vector<std::string> cases;              // FILE#/group/case
  std::vector<external_judgement> judgements;  // by case; without a kind: not reached before a signal
  bool partial = false;
  std::int64_t count[4] = {}, unsupported = 0;

  void tally() {
    for (const external_judgement& e : judgements)
      if (e.kind == "unsupported")
        ++unsupported;
      else if (!e.kind.empty())
        ++count[static_cast<int>(e.result)];
  }
  std::int64_t judged() const { return count[0] + count[1] + count[2]; }
};

// Taps are judged as everything else that a case holds, as the law of stages judges them.
void judge_stages(external_judgement& e) {
  const stage_verdict* first = first_outside(e.stages);
  if (first == nullptr) return;
  e.result = outcome::fail;
  e.message += (e.message.empty() ? "" : "; ") + ("first stage that leaves its budget: " + first->stage) +
               (first->judged.message.empty() ? "" : ": " + first->judged.message);
}

bool judge_all(judged_file& f, const judge_request& asked, progress& bar) {
  worker_pool pool(asked.work.jobs, asked.work.case_timeout, f.cases.size());
  std::size_t given = 0, done = 0;
  return pump(
      pool,
      [&]() -> std::optional<work> {
        if (given == f.cases.size()) return std::nullopt;
        work w;
        w.what = task::judge, w.contract = asked.contract, w.index = given, w.recorded = f.cases[given++];
        return w;
      },
      [&](const finished& one) {
        external_judgement& e = f.judgements[one.asked.index];
        e = one.got.judged, ++done;
        judge_stages(e);
        if (one.lost.empty() && one.got.error.empty()) return;
        e.group = split_case_path(one.asked.recorded).second.substr(1), e.kind = "unreadable",
        e.result = outcome::fail;
        e.message = one.lost.empty() ? one.got.error
                                     : "the process that judged this case did not survive it: " + one.lost;
      },
      [&] {
        bar.show("judged", static_cast<std::int64_t>(done), static_cast<std::int64_t>(f.cases.size()), "");
      });
}

std::string as_text(const judged_file& f, std::size_t width) {
  text_table table({"case", "held", "verdict", ">used", "what was found"});
  const external_judgement* largest = nullptr;
  for (const external_judgement& e : f.judgements) {
    if (e.kind.empty()) continue;
    const bool held = e.kind != "unsupported" && e.kind != "unreadable";
    table.add({e.group, e.kind, verdict_of(e), held ? fmt::format("{:.3g}", e.used) : "", e.message});
    if (held && (!largest || worse(largest->used, e.used))) largest = &e;
  }
  std::string text = table.empty() ? "" : table.str(width) + "\n";
  if (largest)
    text += fmt::format("largest disagreement: {:.3g} of what is allowed, at {}\n", largest->used,
                        largest->group);
  if (f.partial)
    text += fmt::format("interrupted, partial result: {} of {}\n", f.judged() + f.unsupported,
                        counted(f.cases.size(), "case"));
  text += fmt::format("{} pass, {} fail, {} mistrusted, {} unsupported (not judged)\n", f.count[0],
                      f.count[1], f.count[2], f.unsupported);
  if (!f.partial && f.judged() == 0)
    text +=
        "nothing judged: " + (f.judgements.empty() ? "no case in the file" : f.judgements.front().message) +
        "\n";
  return text;
}

}  // namespace

int run_judge(const instrument& all, const judge_request& asked) {
  note_interrupts();
  require_contract(all, asked.contract);
  judged_file f;
  f.name = asked.file, f.cases = cases_named("FILE", asked.file);
  f.judgements.resize(f.cases.size());
  const result_files to(asked.json, asked.report);
  for (const result_file* one : {&to.json, &to.page})
    require_not_read(*one, {located(split_case_path(f.cases.empty() ? asked.file : f.cases.front()).first)});
  progress bar(to.text());
  f.partial = !judge_all(f, asked, bar);
  std::erase_if(f.judgements, [](const external_judgement& e) { return e.kind.empty(); });
  f.tally();
  bar.print(as_text(f, terminal_width(to.text())));
  require_written({to.json.wanted() ? to.json.write(json_of(f.name, f.judgements, f.partial)) : "",
                   to.page.wanted() ? to.page.write(as_html(f.name, f.judgements, f.partial)) : ""});
  if (f.partial) return 128 + interrupted_by();
  if (f.judged() == 0) return could_not_run;
  return f.count[1] + f.count[2] == 0 ? all_pass : found_something;
}

}  // namespace plumbline::program
