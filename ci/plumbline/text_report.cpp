// The report of a run as text: real input first, then the generated cases, laws, skips, coverage, failures.
#include <fmt/format.h>

#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"

namespace plumbline::program {

namespace {

std::string count(std::int64_t n) { return std::to_string(n); }

std::string used(const tally& t) { return t.cases() ? fmt::format("{:.3g}", t.worst.used) : "-"; }

std::string recorded_section(const recorded_run& run) {
  text_table table({"function", "variant", ">cases", ">pass", ">fail", ">mistrusted", ">not taken",
                    ">budget used", "worst", ">seconds"});
  for (const recorded_row& r : run.rows) {
    const tally& t = r.counts;
    if (t.cases() + t.skipped == 0) continue;
    table.add({name_of(*r.op), r.variant, count(t.cases()), count(t.pass), count(t.fail), count(t.mistrusted),
               count(t.skipped), used(t), t.worst.test, fmt::format("{:.1f}", t.seconds)});
  }
  std::string text = "Recorded cases (real input)\n" + table.str();
  std::int64_t held = 0, failed = 0, unsupported = 0;
  double most = 0;
  for (const external_judgement& e : run.expected) {
    if (e.kind == "unsupported") {
      ++unsupported;
      continue;
    }
    ++held, failed += e.result != outcome::pass;
    if (worse(most, e.used)) most = e.used;
  }
  text += fmt::format(
      "  recorded results held against the reference: {}, {} disagree, {} without such results; "
      "largest disagreement {:.3g} of what the recorded precision allows\n",
      held, failed, unsupported, most);
  return text;
}

std::string rows_section(const run_report& r, bool colour) {
  text_table table({"function", "variant", "dtype", ">cases", ">pass", ">fail", ">mistrusted", ">skipped",
                    ">budget used", "worst", ">seconds"});
  for (const row_run& row : r.rows) {
    const tally& t = row.counts;
    table.add({name_of(*row.what.op), row.what.variant, std::string(name_of(row.what.in)), count(t.cases()),
               count(t.pass), count(t.fail), count(t.mistrusted), count(t.skipped), used(t), t.worst.test,
               fmt::format("{:.1f}", t.seconds)});
  }
  std::string text = "Generated cases\n" + table.str();
  for (const row_run& row : r.rows)
    if (!row.stopped.empty())
      text += inked(fmt::format("  {}: {}\n", row.what.name(), row.stopped), ink::yellow, colour);
  return text;
}

std::string laws_section(const run_report& r) {
  text_table table({"function", "variant", "dtype", "law", ">cases", ">fail", ">mistrusted", ">not asked"});
  for (const row_run& row : r.rows)
    for (const std::string& law : row.what.op->laws()) {
      const auto found = row.counts.laws.find(law);
      if (found == row.counts.laws.end()) continue;
      const law_tally& t = found->second;
      table.add({name_of(*row.what.op), row.what.variant, std::string(name_of(row.what.in)), law,
                 count(t.cases), count(t.fail), count(t.mistrusted), count(t.skipped)});
    }
  return table.empty() ? "" : "Laws\n" + table.str();
}

std::string skips_section(const run_report& r) {
  text_table table({">draws", "row", "why the variant does not take them"});
  for (const row_run& row : r.rows)
    for (const auto& [reason, n] : row.counts.skips) table.add({count(n), row.what.name(), reason});
  for (const recorded_row& row : r.recorded.rows)
    for (const auto& [reason, n] : row.counts.skips)
      table.add({count(n), name_of(*row.op) + "/" + row.variant + " recorded", reason});
  return table.empty() ? "" : "Skipped\n" + table.str();
}

std::string warnings_section(const run_report& r) {
  text_table table({">cases", "row", "warning"});
  for (const row_run& row : r.rows)
    for (const auto& [warning, n] : row.counts.warnings) table.add({count(n), row.what.name(), warning});
  return table.empty() ? "" : "Warnings\n" + table.str();
}

std::string coverage_section(const run_report& r) {
  text_table table({"function", "class", ">cases", ">share", ">floor", ""});
  for (const coverage& c : r.classes) {
    const double share = c.of ? static_cast<double>(c.cases) / static_cast<double>(c.of) : 0;
    table.add({c.op, c.name, count(c.cases), fmt::format("{:.1f} %", 100 * share),
               fmt::format("{:.1f} %", 100 * c.floor), r.floors_asked && !c.met() ? "missed" : ""});
  }
  if (table.empty()) return "";
  return std::string("Coverage") + (r.floors_asked ? "" : " (floors are asked of 100 cases a row and more)") +
         "\n" + table.str();
}

}  // namespace

std::string text_report(const run_report& r, bool colour) {
  std::string text;
  if (!r.replayed.empty()) {
    std::int64_t fixed = 0;
    for (const replayed_failure& f : r.replayed) fixed += f.result.result == outcome::pass;
    text += fmt::format("Saved failures replayed: {}, of which {} pass now\n\n", r.replayed.size(), fixed);
  }
  if (!r.recorded.rows.empty()) text += recorded_section(r.recorded) + "\n";
  if (!r.rows.empty()) text += rows_section(r, colour) + "\n";
  for (const std::string& section :
       {laws_section(r), skips_section(r), warnings_section(r), coverage_section(r)})
    if (!section.empty()) text += section + "\n";
  std::int64_t cases = 0, fail = 0, mistrusted = 0, skipped = 0;
  const auto count_in = [&](const tally& t) {
    cases += t.cases(), fail += t.fail, mistrusted += t.mistrusted, skipped += t.skipped;
  };
  for (const row_run& row : r.rows) count_in(row.counts);
  for (const recorded_row& row : r.recorded.rows) count_in(row.counts);
  const bool clean = exit_code_of(r) == all_pass && !r.partial;
  text += inked(r.partial ? "interrupted, partial result: "
                : clean   ? "all pass: "
                          : "not clean: ",
                r.partial ? ink::yellow
                : clean   ? ink::green
                          : ink::red,
                colour);
  text += fmt::format(
      "{} cases, {} failed, {} mistrusted, {} skipped; seed {}, executor {}, {} workers, {:.1f} s\n", cases,
      fail, mistrusted, skipped, r.seed, r.executor, r.jobs, r.seconds);
  if (!r.floors_hold) text += "mistrusted: a coverage floor was missed (see Coverage)\n";
  return text;
}

}  // namespace plumbline::program
