// The report of a run for machines.  The schema is versioned by "plumbline": keys are added, never renamed.
#include <cmath>
#include <nlohmann/json.hpp>

#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

using json = nlohmann::ordered_json;

namespace {

json real(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

void put_counts(json& j, const tally& t) {
  j["cases"] = t.cases(), j["elements"] = t.elements;
  j["pass"] = t.pass, j["fail"] = t.fail, j["mistrusted"] = t.mistrusted, j["skipped"] = t.skipped;
  j["skips"] = json::object();
  for (const auto& [reason, n] : t.skips) j["skips"][reason] = n;
  j["budget_used_max"] = real(t.worst.used);
  j["worst"] = {{"test", t.worst.test}, {"where", t.worst.where}, {"case", t.worst.case_text}};
  j["histogram"] = t.histogram;
  j["digest"] = t.digest();
  j["seconds"] = real(t.seconds);
}

json of_failure(const failure& f) {
  return {{"case", f.smallest.empty() ? f.case_text : f.smallest},
          {"found_as", f.case_text},
          {"row", f.row},
          {"law", f.law},
          {"verdict", std::string(name_of(f.verdict))},
          {"message", f.message},
          {"details", f.details},
          {"file", f.file}};
}

}  // namespace

std::string json_report(const run_report& r) {
  json j;
  j["plumbline"] = 1;
  j["commit"] = r.commit;
  j["machine"] = json::object();
  for (const auto& [key, value] : r.machine) j["machine"][key] = value;
  j["seed"] = r.seed, j["executor"] = r.executor, j["jobs"] = r.jobs, j["partial"] = r.partial;
  j["seconds"] = real(r.seconds);
  j["variants"] = json::array(), j["laws"] = json::array();
  for (const row_run& row : r.rows) {
    json v;
    v["operator"] = row.what.op->op(), v["function"] = row.what.op->function(),
    v["variant"] = row.what.variant;
    v["dtype"] = name_of(row.what.in), v["contract"] = row.what.promised.name;
    put_counts(v, row.counts);
    v["stopped"] = row.stopped;
    j["variants"].push_back(v);
    for (const auto& [law, t] : row.counts.laws)
      j["laws"].push_back({{"operator", v["operator"]},
                           {"function", v["function"]},
                           {"variant", v["variant"]},
                           {"dtype", v["dtype"]},
                           {"law", law},
                           {"cases", t.cases},
                           {"fail", t.fail},
                           {"mistrusted", t.mistrusted},
                           {"skipped", t.skipped}});
  }
  j["recorded"] = json::array(), j["expected"] = json::array();
  for (const recorded_row& row : r.recorded.rows) {
    json v;
    v["operator"] = row.op->op(), v["function"] = row.op->function(), v["variant"] = row.variant;
    put_counts(v, row.counts);
    j["recorded"].push_back(v);
  }
  for (const external_judgement& e : r.recorded.expected)
    j["expected"].push_back(
        {{"group", e.group},
         {"kind", e.kind},
         {"verdict", e.kind == "unsupported" ? "unsupported" : std::string(name_of(e.result))},
         {"used", real(e.used)},
         {"message", e.message}});
  j["coverage"] = json::array();
  for (const coverage& c : r.classes)
    j["coverage"].push_back(
        {{"function", c.op}, {"class", c.name}, {"cases", c.cases}, {"of", c.of}, {"floor", c.floor}});
  j["floors_asked"] = r.floors_asked, j["floors_hold"] = r.floors_hold;
  j["replayed"] = json::array();
  for (const replayed_failure& f : r.replayed)
    j["replayed"].push_back(
        {{"file", f.file}, {"case", f.case_text}, {"verdict", std::string(name_of(f.result.result))}});
  j["failures"] = json::array();
  for (const failure& f : r.failures) j["failures"].push_back(of_failure(f));
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace plumbline::program
