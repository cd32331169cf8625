#include "ci/plumbline/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/worker_pool.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

std::vector<coverage> coverage_of(const std::vector<row_run>& rows) {
  std::vector<coverage> all;
  std::vector<const operation*> seen;
  for (const row_run& first : rows) {
    const operation* op = first.what.op;
    if (std::find(seen.begin(), seen.end(), op) != seen.end()) continue;
    seen.push_back(op);
    for (const auto& [name, floor] : op->coverage_floors()) {
      coverage c;
      c.op = name_of(*op), c.name = name, c.floor = floor;
      for (const row_run& r : rows) {
        if (r.what.op != op) continue;
        c.of += r.counts.drawn();
        const auto found = r.counts.drawn_classes.find(name);
        if (found == r.counts.drawn_classes.end()) continue;
        c.cases += found->second;
        if (!r.counts.classes.count(name)) c.not_judged.push_back(r.what.name());
      }
      all.push_back(c);
    }
  }
  return all;
}

std::string nothing_judged(const run_report& r) {
  std::int64_t judged = static_cast<std::int64_t>(r.replayed.size() + r.failures.size());
  std::int64_t wanted = 0, skipped = 0;
  for (const external_judgement& e : r.recorded.expected) judged += e.kind != "unsupported";
  for (const row_run& row : r.rows)
    judged += row.counts.cases(), skipped += row.counts.skipped, wanted += row.wanted > 0;
  for (const recorded_row& row : r.recorded.rows) judged += row.counts.cases(), skipped += row.counts.skipped;
  if (judged != 0 || r.partial) return "";
  if (skipped > 0)
    return fmt::format("nothing judged: skipped {}", counted(skipped, "draw or record", "draws and records"));
  if (!r.rows.empty() && wanted == 0)
    return fmt::format("nothing judged: shard {}/{} of {} is empty", r.shard, r.shards,
                       counted(r.cases_asked, "case"));
  if (!r.rows.empty()) return "nothing judged: the time was over before the first case ended";
  return r.shards > 1 ? fmt::format("nothing judged: shard {}/{} has no recorded case of these rows", r.shard,
                                    r.shards)
                      : "nothing judged: no recorded case of these rows";
}

int exit_code_of(const run_report& r) {
  const auto unclean = [](const tally& t) { return t.fail || t.mistrusted; };
  bool found = !r.failures.empty() || !r.floors_hold || !r.rises.empty();
  for (const row_run& row : r.rows)
    found |= unclean(row.counts) || !row.stopped.empty() || (row.wanted > 0 && row.counts.cases() == 0);
  if (!nothing_judged(r).empty()) return could_not_run;
  for (const recorded_row& row : r.recorded.rows) found |= unclean(row.counts);
  for (const replayed_failure& one : r.replayed) found |= one.result.result != outcome::pass;
  return found ? found_something : all_pass;
}

std::vector<std::pair<std::string, std::string>> machine_of(const executor* e) {
  std::vector<std::pair<std::string, std::string>> facts;
  if (e) facts.emplace_back("executor", e->machine());
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) {
      facts.emplace_back("cpu", line.substr(std::min(line.size(), line.find(':') + 2)));
      break;
    }
  facts.emplace_back("cores", std::to_string(usable_cores()));
  facts.emplace_back("compiler", built_with());
  return facts;
}

std::string why_nothing_shown(const case_result& r) {
  if (!r.no_stages.empty()) return r.no_stages;
  const case_spec spec = case_spec::parse(r.case_text);
  return spec.op + "." + spec.function + "/" + spec.variant + " shows none" +
         (spec.executor == "host" ? "" : " on " + spec.executor);
}

std::string describe(const failure& f, bool colour) {
  const bool failed = f.verdict == outcome::fail;
  std::string text = inked(failed ? "FAIL" : "MISTRUSTED", failed ? ink::red : ink::yellow, colour);
  text += fmt::format("  {}  {}\n  {}\n", f.row, f.law.empty() ? "verdict" : f.law, f.message);
  for (const std::string& line : f.details) text += fmt::format("  {}\n", line);
  text += fmt::format("  case: {}\n", f.case_text);
  if (!f.smallest.empty())
    text += fmt::format("  smallest after {}: {}\n", counted(f.shrink_steps, "try", "tries"), f.smallest);
  if (!f.recorded.empty()) text += fmt::format("  recorded input: {}\n", f.recorded);
  if (!f.file.empty()) text += fmt::format("  saved: {}\n", f.file);
  if (!f.not_saved.empty()) text += fmt::format("  not saved: {}\n", f.not_saved);
  if (!replayable(f)) return text + "  no line replays it: the case was not drawn yet\n";
  text += inked(fmt::format("  plumbline replay '{}'", f.smallest.empty() ? f.case_text : f.smallest),
                ink::bold, colour);
  return text + "\n";
}

void require_written(const std::vector<std::string>& complaints) {
  std::string all;
  for (const std::string& one : complaints)
    if (!one.empty()) all += (all.empty() ? "" : "; ") + one;
  if (!all.empty()) throw cannot_run(all);
}

}  // namespace plumbline::program
