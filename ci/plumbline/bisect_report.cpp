#include "ci/plumbline/bisect_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ci/plumbline/json_number.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::program {

namespace {

using json = nlohmann::ordered_json;

std::string brief(const std::string& commit) { return commit.substr(0, 10); }

std::string side_name(commit_side side) {
  constexpr const char* names[] = {"good", "bad", "skipped", "between", "good end", "bad end"};
  return names[static_cast<int>(side)];
}

std::string shown(const bisect_report& r, const measured_commit& m) {
  const std::vector<double> values = values_of(m, r.plan.metric);
  if (values.empty()) return "no number";
  if (values.front() == values.back()) return fmt::format("{:.4g}", values.front());
  return fmt::format("{:.4g} to {:.4g}", values.front(), values.back());
}

std::string why_untold(const bisect_report& r, const visited_commit& v) {
  if (!v.what.reason.empty()) return v.what.reason;
  return values_of(v.what, r.plan.metric).empty() ? "has no " + r.plan.metric
                                                  : "flaky: its runs lie on both sides";
}

std::string stage_line(const changed_stage& stage, const measured_commit& after) {
  if (stage.first.empty()) return "stage: not known, " + stage.why_not_known + "\n";
  const std::string outside = after.first_stage;
  return "stage: " + stage.first + " changes first" +
         (outside.empty()          ? "; every stage keeps its budget"
          : outside == stage.first ? " and leaves its budget"
                                   : "; the first that leaves its budget is " + outside) +
         "\n";
}

}  // namespace

std::string_view name_of(bisect_verdict v) {
  constexpr std::string_view names[] = {"found",      "lost the bug", "flaky", "toolchain, not commits",
                                        "untestable", "partial"};
  return names[static_cast<int>(v)];
}

const visited_commit* bisect_report::find(const std::string& commit) const {
  for (const visited_commit& v : visited)
    if (v.commit == commit) return &v;
  return nullptr;
}

std::string line_of(const bisect_report& r, const visited_commit& v, bool colour) {
  const ink how = v.side == commit_side::good ? ink::green : v.side == commit_side::bad ? ink::red : ink::dim;
  const std::string word = inked(fmt::format("{:<8}", side_name(v.side)), how, colour);
  if (v.side == commit_side::untold)
    return fmt::format("{}  {}  {}  ({})\n", brief(v.commit), word, v.subject, why_untold(r, v));
  return fmt::format("{}  {}  {} {:<10} {}\n", brief(v.commit), word, r.plan.metric, shown(r, v.what),
                     v.subject);
}

std::string text_of(const bisect_report& r, bool colour) {
  std::string text;
  if (r.verdict == bisect_verdict::partial) text += "interrupted, partial result; the same command goes on\n";
  if (r.verdict != bisect_verdict::found && r.verdict != bisect_verdict::partial)
    text += inked(std::string(name_of(r.verdict)), ink::yellow, colour) + ": " + r.message + "\n";
  if (r.verdict == bisect_verdict::found) {
    text += inked("first bad commit: ", ink::bold, colour) + r.first_bad + "\n  " + r.described + "\n";
    const visited_commit *before = r.find(r.before), *after = r.find(r.first_bad);
    if (before && after)
      text +=
          fmt::format("{} before {} ({}), after {}; bad is above {:.4g}\n", r.plan.metric,
                      shown(r, before->what), brief(before->commit), shown(r, after->what), r.plan.threshold);
    if (before && after) text += stage_line(r.stage, after->what);
    if (!r.built_otherwise.empty())
      text +=
          (r.same_sources ? "toolchain, not sources: it changes none of them, but " : "it also changes ") +
          r.built_otherwise + "\n";
  }
  for (const std::string& one : r.candidates)
    if (r.verdict == bisect_verdict::untestable) text += "  " + one + "\n";
  text += fmt::format("{} of {} measured", r.visited.size(), counted(r.range.size(), "commit"));
  if (!r.plot.empty()) text += "; plot: " + r.plot;
  return text + "\n" + r.clean_up + " removes the worktree and all else that bisections keep\n";
}

std::string json_of(const bisect_report& r) {
  json j;
  j["plumbline"] = json_version, j["commit"] = built_commit();
  j["verdict"] = name_of(r.verdict), j["partial"] = r.verdict == bisect_verdict::partial;
  j["message"] = r.message;
  j["case"] = r.case_text, j["good"] = r.plan.good, j["bad"] = r.plan.bad, j["row"] = r.plan.row,
  j["on"] = r.plan.on;
  j["metric"] = r.plan.metric, j["threshold"] = json_number(r.plan.threshold), j["commits"] = r.range.size();
  const visited_commit *before = r.find(r.before), *after = r.find(r.first_bad);
  j["first_bad"] = r.first_bad, j["described"] = r.described;
  j["before"] = before ? json(json_number(value_of(before->what, r.plan.metric))) : json();
  j["after"] = after ? json(json_number(value_of(after->what, r.plan.metric))) : json();
  j["stage"] = r.stage.first, j["first_stage"] = after ? after->what.first_stage : "";
  j["toolchain"] = r.built_otherwise, j["same_sources"] = r.same_sources;
  j["candidates"] = r.candidates;
  j["visited"] = json::array();
  for (const visited_commit& v : r.visited) {
    json values = json::array(), metrics = json::object();
    for (const double x : values_of(v.what, r.plan.metric)) values.emplace_back(json_number(x));
    if (!v.what.runs.empty())
      for (const auto& [name, value] : v.what.runs.front()) metrics[name] = json_number(value);
    json stages = json::object();
    for (const auto& [name, value] : v.what.stages) stages[name] = json_number(value);
    j["visited"].push_back({{"commit", v.commit},
                            {"subject", v.subject},
                            {"index", v.index},
                            {"side", side_name(v.side)},
                            {"reason", v.side == commit_side::untold ? why_untold(r, v) : ""},
                            {"values", values},
                            {"repeats", v.what.repeats},
                            {"metrics", metrics},
                            {"digest", v.what.digest},
                            {"stages", stages},
                            {"compiler", v.what.built.compiler},
                            {"seconds", json_number(v.what.seconds)}});
  }
  j["plot"] = r.plot, j["seconds"] = json_number(r.seconds);
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace plumbline::program
