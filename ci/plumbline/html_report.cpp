// The report of a run for people: real input first, then one card a row, then laws, coverage and failures.
#include <fmt/format.h>

#include "ci/plumbline/html.hpp"
#include "ci/plumbline/run_report.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::program {

namespace {

std::string card(const std::string& name, const std::string& about, const tally& t,
                 const std::string& stopped) {
  const bool judged = t.cases() > 0;
  const char* verdict = t.fail ? "fail" : t.mistrusted || !judged || !stopped.empty() ? "mistrusted" : "pass";
  std::string text = fmt::format(
      "<div class=\"card\"><h3>{} <span class=\"{}\">{}</span></h3>\n<div class=\"soft\">{}</div>\n"
      "<div>{}: {} pass, {} fail, {} mistrusted; {} skipped; {}; {:.1f} s</div>\n",
      escaped(name), verdict, verdict, escaped(about), counted(t.cases(), "case"), t.pass, t.fail,
      t.mistrusted, t.skipped, counted(t.elements, "element"), t.seconds);
  if (!stopped.empty()) text += "<div class=\"mistrusted\">" + escaped(stopped) + "</div>\n";
  if (judged) {
    text += fmt::format("<div>budget used at worst {:.3g} ({})</div>{}{}", t.worst.used,
                        escaped(t.worst.test), used_bar(t.worst.used), used_picture(t.histogram));
    text += fmt::format(
        "<details><summary>worst place: {}</summary><p>{}</p><code>plumbline replay '{}'</code></details>",
        escaped(t.worst.where), escaped(t.worst.message), escaped(t.worst.case_text));
  }
  for (const auto& [reason, n] : t.skips)
    text += fmt::format("<div class=\"soft\">skipped {}: {}</div>", n, escaped(reason));
  for (const auto& [what, n] : t.warnings)
    text += fmt::format("<div class=\"mistrusted\">{} ({})</div>", escaped(what), counted(n, "case"));
  return text + "</div>\n";
}

std::string recorded_section(const recorded_run& run) {
  if (run.rows.empty()) return "";
  std::string text = "<h2>Real input: recorded cases</h2>\n<div class=\"cards\">\n";
  for (const recorded_row& r : run.rows)
    if (r.counts.cases() + r.counts.skipped)
      text += card(name_of(*r.op) + "/" + r.variant, "recorded inputs", r.counts, "");
  text += "</div>\n";
  if (run.expected.empty()) return text;
  text +=
      "<details><summary>Recorded results held against the reference</summary><div "
      "class=\"wide\"><table><tr><th>case</th>"
      "<th>held</th><th>verdict</th><th>used of what the recorded precision allows</th><th></th></tr>\n";
  for (const external_judgement& e : run.expected) {
    const bool unsupported = e.kind == "unsupported";
    const std::string verdict = unsupported ? "unsupported" : std::string(name_of(e.result));
    text += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        verdict, escaped(e.group), escaped(e.kind), verdict, unsupported ? "" : fmt::format("{:.3g}", e.used),
        escaped(e.message));
  }
  return text + "</table></div></details>\n";
}

std::string laws_section(const run_report& r) {
  std::string rows;
  for (const row_run& row : r.rows)
    for (const auto& [law, t] : row.counts.laws)
      rows += fmt::format(
          "<tr class=\"{}\"><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
          "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
          t.fail ? "fail" : "", escaped(row.what.name()), escaped(law), t.cases, t.fail, t.mistrusted,
          t.skipped);
  if (rows.empty()) return "";
  return "<h2>Laws</h2>\n<div "
         "class=\"wide\"><table><tr><th>row</th><th>law</th><th>cases</th><th>fail</th><th>mistrusted</th>"
         "<th>not asked</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string coverage_section(const run_report& r) {
  std::string rows;
  for (const coverage& c : r.classes) {
    const double share = c.of ? static_cast<double>(c.cases) / static_cast<double>(c.of) : 0;
    const bool missed = r.floors_asked && !c.met();
    rows += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td class=\"n\">{:.1f} %</td>"
        "<td class=\"n\">{:.1f} %</td></tr>\n",
        missed ? "fail" : "", escaped(c.op), escaped(c.name), missed ? "fail" : "n", c.cases, 100 * share,
        100 * c.floor);
  }
  if (rows.empty()) return "";
  return "<h2>Coverage</h2>\n<div "
         "class=\"wide\"><table><tr><th>function</th><th>class</th><th>cases</th><th>share</th>"
         "<th>floor</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string left_out_section(const run_report& r) {
  std::string rows;
  for (const auto* all : {&r.left_out, &r.recorded.left_out})
    for (const left_out_row& l : *all)
      rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escaped(l.row), escaped(l.reason));
  if (rows.empty()) return "";
  return "<h2>Left out</h2>\n<div class=\"wide\"><table><tr><th>what</th><th>why</th></tr>\n" + rows +
         "</table></div>\n";
}

std::string failures_section(const run_report& r) {
  if (r.failures.empty()) return "";
  std::string text = "<h2>What did not pass</h2>\n";
  for (const failure& f : r.failures) text += "<pre>" + escaped(describe(f, false)) + "</pre>\n";
  return text;
}

}  // namespace

std::string html_report(const run_report& r) {
  const bool clean = exit_code_of(r) == all_pass;
  std::string body =
      fmt::format("<h1>Plumbline: <span class=\"{}\">{}</span></h1>\n", clean ? "pass" : "fail",
                  r.partial ? "interrupted, partial result"
                  : clean   ? "all pass"
                            : "not clean");
  body += fmt::format("<p class=\"soft\">commit {}, executor {}, seed {}, {:.1f} s on {}", escaped(r.commit),
                      escaped(r.executor), r.seed, r.seconds, counted(r.jobs, "worker"));
  for (const auto& [key, value] : r.machine) body += "<br>" + escaped(key) + ": " + escaped(value);
  body += "</p>\n" + recorded_section(r.recorded) + failures_section(r);
  if (!r.rows.empty()) {
    body +=
        "<h2>Generated cases</h2>\n<p class=\"soft\">Bars: the largest part of a budget that was used; the "
        "mark is the "
        "whole budget. Pictures: elements by error in units of their own budget, logarithmic "
        "height.</p>\n<div class=\"cards\">\n";
    for (const row_run& row : r.rows)
      body +=
          card(row.what.name(), "contract " + std::string(row.what.promised.name), row.counts, row.stopped);
    body += "</div>\n";
  }
  return page("Plumbline report", body + laws_section(r) + coverage_section(r) + left_out_section(r));
}

}  // namespace plumbline::program
