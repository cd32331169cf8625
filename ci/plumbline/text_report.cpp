// The report of a run as text: real input first, then the generated cases, laws, skips, coverage, failures.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::program {

namespace {

std::string count(std::int64_t n) { return std::to_string(n); }

std::string used(const tally& t) { return t.cases() ? fmt::format("{:.3g}", t.worst.used) : "-"; }

std::string recorded_section(const recorded_run& run, std::size_t page) {
  text_table table({"function", "variant", ">cases", ">pass", ">fail", ">mistrusted", ">not taken",
                    ">budget used", "worst", ">seconds"});
  for (const recorded_row& r : run.rows) {
    const tally& t = r.counts;
    if (t.cases() + t.skipped == 0) continue;
    table.add({name_of(*r.op), r.variant, count(t.cases()), count(t.pass), count(t.fail), count(t.mistrusted),
               count(t.skipped), used(t), t.worst.test, fmt::format("{:.1f}", t.seconds)});
  }
  std::string text = "Recorded cases (real input)\n" + table.str(page);
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
      "  recorded results held against the reference: {}, {} disagree, {} not held; "
      "largest disagreement {:.3g} of what the recorded precision allows\n",
      held, failed, unsupported, most);
  return text;
}

std::string rows_section(const run_report& r, bool colour, std::size_t page) {
  text_table table({"function", "variant", "dtype", ">cases", ">pass", ">fail", ">mistrusted", ">skipped",
                    ">budget used", "worst", ">seconds"});
  for (const row_run& row : r.rows) {
    const tally& t = row.counts;
    table.add({name_of(*row.what.op), row.what.variant, std::string(name_of(row.what.in)), count(t.cases()),
               count(t.pass), count(t.fail), count(t.mistrusted), count(t.skipped), used(t), t.worst.test,
               fmt::format("{:.1f}", t.seconds)});
  }
  std::string text = "Generated cases\n" + table.str(page);
  for (const row_run& row : r.rows)
    if (!row.stopped.empty())
      text += inked(fmt::format("  {}: {}\n", row.what.name(), row.stopped), ink::yellow, colour);
  return text;
}

// A law over all rows of its function; the JSON has it by row.
std::string laws_section(const run_report& r, std::size_t page) {
  text_table table({"function", "law", ">cases", ">fail", ">mistrusted", ">not asked", "fails in"});
  std::vector<const operation*> seen;
  for (const row_run& first : r.rows) {
    const operation* op = first.what.op;
    if (std::find(seen.begin(), seen.end(), op) != seen.end()) continue;
    seen.push_back(op);
    for (const std::string& law : op->laws()) {
      law_tally all;
      std::string failing;
      for (const row_run& row : r.rows) {
        const auto found = row.counts.laws.find(law);
        if (row.what.op != op || found == row.counts.laws.end()) continue;
        const law_tally& t = found->second;
        all.cases += t.cases, all.fail += t.fail, all.mistrusted += t.mistrusted, all.skipped += t.skipped;
        if (t.fail)
          failing +=
              (failing.empty() ? "" : ", ") + row.what.variant + " " + std::string(name_of(row.what.in));
      }
      table.add({name_of(*op), law, count(all.cases), count(all.fail), count(all.mistrusted),
                 count(all.skipped), failing});
    }
  }
  return table.empty() ? "" : "Laws\n" + table.str(page);
}

std::string skips_section(const run_report& r) {
  std::map<std::string, std::int64_t> reasons;
  std::string text;
  for (const auto* all : {&r.left_out, &r.recorded.left_out})
    for (const left_out_row& l : *all) text += fmt::format("     all  {}: {}\n", l.row, l.reason);
  const auto add = [&](const std::string& where, const tally& t) {
    for (const auto& [reason, n] : t.skips) reasons[where + ": " + reason] += n;
  };
  for (const row_run& row : r.rows) add(name_of(*row.what.op) + "/" + row.what.variant, row.counts);
  for (const recorded_row& row : r.recorded.rows)
    add(name_of(*row.op) + "/" + row.variant + " on recorded cases", row.counts);
  for (const external_judgement& e : r.recorded.expected)
    if (e.kind == "unsupported") ++reasons["recorded results not held against the reference: " + e.message];
  for (const auto& [reason, n] : reasons) text += fmt::format("  {:6}  {}\n", n, reason);
  return text.empty() ? "" : "Skipped, and why\n" + text;
}

std::string warnings_section(const run_report& r, std::size_t page) {
  text_table table({">cases", "row", "warning"});
  for (const row_run& row : r.rows)
    for (const auto& [warning, n] : row.counts.warnings) table.add({count(n), row.what.name(), warning});
  return table.empty() ? "" : "Warnings\n" + table.str(page);
}

// One line a class would drown the rest: "class share/floor", many a line.
std::string coverage_section(const run_report& r) {
  std::string text, line, op;
  const auto flush = [&] {
    if (!line.empty()) text += "    " + line + "\n";
    line.clear();
  };
  for (const coverage& c : r.classes) {
    if (c.op != op) {
      flush();
      op = c.op;
      text += fmt::format("  {}, {} drawn\n", op, c.of);
    }
    const double share = c.of ? static_cast<double>(c.cases) / static_cast<double>(c.of) : 0;
    const std::string one = fmt::format("{} {:.1f}/{:g}{}", c.name, 100 * share, 100 * c.floor,
                                        r.floors_asked && !c.met() ? " MISSED" : "");
    if (line.size() + one.size() > 104) flush();
    line += (line.empty() ? "" : ", ") + one;
  }
  flush();
  std::map<std::string, std::string> not_judged;
  for (const coverage& c : r.classes)
    for (const std::string& row : c.not_judged)
      not_judged[row] += (not_judged[row].empty() ? "" : ", ") + c.name;
  for (const auto& [row, names] : not_judged) text += fmt::format("  {} took none of: {}\n", row, names);
  if (text.empty()) return "";
  return fmt::format("Coverage: class, share of the drawn cases in percent / its floor{}\n",
                     r.floors_asked ? "" : " (asked from 100 cases a row on)") +
         text;
}

}  // namespace

std::string text_report(const run_report& r, bool colour, std::size_t page) {
  std::string text;
  if (!r.replayed.empty()) {
    std::int64_t fixed = 0;
    for (const replayed_failure& f : r.replayed) fixed += f.result.result == outcome::pass;
    text += fmt::format("Saved failures replayed: {}, of which {} pass now\n\n", r.replayed.size(), fixed);
  }
  if (!r.recorded.rows.empty()) text += recorded_section(r.recorded, page) + "\n";
  if (!r.rows.empty()) text += rows_section(r, colour, page) + "\n";
  for (const std::string& section :
       {laws_section(r, page), skips_section(r), warnings_section(r, page), coverage_section(r)})
    if (!section.empty()) text += section + "\n";
  for (const rise& one : r.rises)
    text +=
        inked(fmt::format("RISE  {}: {}{} is {} that of the baseline ({:.1f} sigma, chance below {:.0e}, {} "
                          "then, {} now)\n",
                          one.row, one.metric, one.where.empty() ? "" : " where " + one.where,
                          std::isfinite(one.factor) ? fmt::format("{:.2f} times", one.factor)
                                                    : std::string("above 0,"),
                          one.sigmas, one.chance, counted(one.before, "case"), one.now),
              ink::red, colour);
  if (r.compared + r.same > 0)
    text += fmt::format("baseline: {} held to it, {} rose; {} more do not differ\n",
                        counted(r.compared, "number"), r.rises.size(), r.same);
  for (const std::string& why : r.not_compared) text += "not compared with the baseline: " + why + "\n";
  if (r.compared + r.same > 0 || !r.not_compared.empty()) text += "\n";
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
  text += fmt::format("{}, {} failed, {} mistrusted, {} skipped; seed {}, executor {}, {}, {:.1f} s\n",
                      counted(cases, "case"), fail, mistrusted, skipped, r.seed, r.executor,
                      counted(r.jobs, "worker"), r.seconds);
  if (const std::string why = nothing_judged(r); !why.empty()) text += why + "\n";
  if (!r.floors_hold) text += "mistrusted: a coverage floor was missed (see Coverage)\n";
  return folded(text, page);
}

}  // namespace plumbline::program
