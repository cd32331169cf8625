// judge: cases from elsewhere.  Outputs are judged like a kernel's, `expected_*` results are held against our
// reference, and what nobody here knows is listed by name.
#include <fmt/format.h>

#include <filesystem>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/html.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

std::string as_html(const std::string& file, const std::vector<external_judgement>& all) {
  std::string rows;
  for (const external_judgement& e : all)
    rows += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.3g}</td><td>{}</td></tr>\n",
        verdict_of(e), escaped(e.group), e.kind, verdict_of(e), e.used, escaped(e.message));
  return page("judged: " + file,
              "<h1>" + escaped(file) +
                  "</h1>\n<div class=\"wide\"><table><tr><th>case</th><th>held</th><th>verdict</th>"
                  "<th>budget used</th><th>what was found</th></tr>\n" +
                  rows + "</table></div>\n");
}

void require_contract(const instrument& all, const std::string& wanted) {
  if (wanted.empty()) return;
  std::string known;
  for (const operation* o : all.operations)
    for (const variant_info& v : o->variants(side::host))
      for (const contract& c : v.contracts) {
        if (c.name == wanted) return;
        if (known.find(c.name) == std::string::npos)
          known += (known.empty() ? "" : ", ") + std::string(c.name);
      }
  throw bad_argument("--contract", "expected one of " + known + ", got '" + wanted + "'");
}

}  // namespace

int run_judge(const instrument& all, const judge_request& asked) {
  note_interrupts();
  require_contract(all, asked.contract);
  if (!std::filesystem::exists(asked.file))
    throw bad_argument("FILE", "expected an HDF5 file of cases, got '" + asked.file + "': no such file");
  const std::string file = asked.file.find('/') == std::string::npos ? "./" + asked.file : asked.file;
  const std::vector<std::string> cases = cases_of(file);
  std::vector<external_judgement> judged(cases.size());
  worker_pool pool(asked.work.jobs, asked.work.case_timeout, cases.size());
  progress bar;
  std::size_t given = 0, done = 0;
  const bool whole = pump(
      pool,
      [&]() -> std::optional<work> {
        if (given == cases.size()) return std::nullopt;
        work w;
        w.what = task::judge, w.contract = asked.contract, w.index = given, w.recorded = cases[given++];
        return w;
      },
      [&](const finished& f) {
        external_judgement& e = judged[f.asked.index];
        e = f.got.judged, ++done;
        if (f.lost.empty() && f.got.error.empty()) return;
        e.group = split_case_path(f.asked.recorded).second.substr(1), e.kind = "outputs",
        e.result = outcome::fail;
        e.message =
            f.lost.empty() ? f.got.error : "the process that judged this case did not survive it: " + f.lost;
      },
      [&] {
        bar.show("judged", static_cast<std::int64_t>(done), static_cast<std::int64_t>(cases.size()), "");
      });

  text_table table({"case", "held", "verdict", ">used", "what was found"});
  std::int64_t count[4] = {}, unsupported = 0;
  const external_judgement* largest = nullptr;
  for (const external_judgement& e : judged) {
    if (e.kind.empty()) continue;  // not reached before a signal
    table.add({e.group, e.kind, verdict_of(e), e.kind == "unsupported" ? "" : fmt::format("{:.3g}", e.used),
               e.message});
    if (e.kind == "unsupported") {
      ++unsupported;
      continue;
    }
    ++count[static_cast<int>(e.result)];
    if (!largest || worse(largest->used, e.used)) largest = &e;
  }
  std::string text = table.str() + "\n";
  if (largest)
    text += fmt::format("largest disagreement: {:.3g} of what is allowed, at {}\n", largest->used,
                        largest->group);
  text += fmt::format("{} pass, {} fail, {} mistrusted, {} skipped, {} unsupported (not judged)\n", count[0],
                      count[1], count[2], count[3], unsupported);
  bar.print(text);
  if (!asked.json.empty()) write_report("--json", asked.json, json_of(asked.file, judged));
  if (!asked.report.empty()) write_report("--report", asked.report, as_html(asked.file, judged));
  if (!whole) return 128 + interrupted_by();
  return count[0] > 0 && count[1] + count[2] == 0 ? all_pass : found_something;
}

}  // namespace plumbline::program
