#include "ci/plumbline/json_report.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "ci/plumbline/json_number.hpp"
#include "ci/plumbline/rows.hpp"

namespace plumbline::program {

using json = nlohmann::ordered_json;

namespace {

void put_counts(json& j, const tally& t) {
  j["cases"] = t.cases(), j["elements"] = t.elements;
  j["pass"] = t.pass, j["fail"] = t.fail, j["mistrusted"] = t.mistrusted, j["skipped"] = t.skipped;
  j["skips"] = json::object();
  for (const auto& [reason, n] : t.skips) j["skips"][reason] = n;
  j["budget_used_max"] = json_number(t.worst.used);
  j["worst"] = {{"test", t.worst.test}, {"where", t.worst.where}, {"case", t.worst.case_text}};
  j["histogram"] = t.histogram;
  j["digest"] = t.digest();
  j["seconds"] = json_number(t.seconds);
}

json of_numbers(const tally& t) {
  json all = json::array();
  for (const case_numbers& one : t.numbers) {
    std::string traits;
    for (const std::string& trait : one.traits) traits += (traits.empty() ? "" : " ") + trait;
    all.push_back({{"traits", traits}});
    for (const auto& [metric, x] : one.numbers) all.back()[metric] = json_number(x);
  }
  return all;
}

std::string text_of(const json& j) { return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

json of_metrics(const std::map<std::string, double>& metrics) {
  json j = json::object();
  for (const auto& [name, value] : metrics) j[name] = json_number(value);
  return j;
}

json of_judgement(const external_judgement& e) {
  json stages = json::object();
  for (const stage_verdict& one : e.stages) stages[one.stage] = json_number(one.judged.budget_used());
  const stage_verdict* first = first_outside(e.stages);
  return {{"stages", stages},         {"first_stage", first == nullptr ? "" : first->stage},
          {"group", e.group},         {"kind", e.kind},
          {"verdict", verdict_of(e)}, {"used", json_number(e.used)},
          {"message", e.message},     {"metrics", of_metrics(e.metrics)}};
}

json of_machine(const std::vector<std::pair<std::string, std::string>>& facts) {
  json j = json::object();
  for (const auto& [key, value] : facts) j[key] = value;
  return j;
}

json of_failure(const failure& f) {
  return {{"case", f.smallest.empty() ? f.case_text : f.smallest},
          {"found_as", f.case_text},
          {"row", f.row},
          {"law", f.law},
          {"verdict", std::string(name_of(f.verdict))},
          {"message", f.message},
          {"details", f.details},
          {"file", f.recorded.empty() ? f.file : f.recorded}};
}

}  // namespace

std::string json_report(const run_report& r) {
  json j;
  j["plumbline"] = json_version;
  j["commit"] = r.commit;
  j["machine"] = of_machine(r.machine);
  j["seed"] = r.seed, j["executor"] = r.executor, j["jobs"] = r.jobs, j["partial"] = r.partial;
  j["seconds"] = json_number(r.seconds);
  j["variants"] = json::array(), j["laws"] = json::array();
  for (const row_run& row : r.rows) {
    json v;
    v["operator"] = row.what.op->op(), v["function"] = row.what.op->function(),
    v["variant"] = row.what.variant;
    v["dtype"] = name_of(row.what.in), v["contract"] = row.what.promised.name;
    put_counts(v, row.counts);
    v["stopped"] = row.stopped;
    v[numbers_key] = of_numbers(row.counts);
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
  j["left_out"] = json::array();
  for (const auto* all : {&r.left_out, &r.recorded.left_out})
    for (const left_out_row& l : *all) j["left_out"].push_back({{"row", l.row}, {"reason", l.reason}});
  j["recorded"] = json::array(), j["expected"] = json::array();
  for (const recorded_row& row : r.recorded.rows) {
    json v;
    v["operator"] = row.op->op(), v["function"] = row.op->function(), v["variant"] = row.variant;
    put_counts(v, row.counts);
    j["recorded"].push_back(v);
  }
  for (const external_judgement& e : r.recorded.expected) j["expected"].push_back(of_judgement(e));
  j["coverage"] = json::array();
  for (const coverage& c : r.classes)
    j["coverage"].push_back({{"function", c.op},
                             {"class", c.name},
                             {"cases", c.cases},
                             {"of", c.of},
                             {"floor", c.floor},
                             {"not_judged", c.not_judged}});
  j["floors_asked"] = r.floors_asked, j["floors_hold"] = r.floors_hold;
  j["replayed"] = json::array();
  for (const replayed_failure& f : r.replayed)
    j["replayed"].push_back(
        {{"file", f.file}, {"case", f.case_text}, {"verdict", std::string(name_of(f.result.result))}});
  j["compared_with_baseline"] = r.compared;
  j["rises"] = json::array();
  for (const rise& one : r.rises)
    j["rises"].push_back({{"row", one.row},
                          {"metric", one.metric},
                          {"where", one.where},
                          {"factor", json_number(one.factor)},
                          {"sigmas", json_number(one.sigmas)},
                          {"chance", json_number(one.chance)},
                          {"cases_before", one.before},
                          {"cases", one.now}});
  j["failures"] = json::array();
  for (const failure& f : r.failures) j["failures"].push_back(of_failure(f));
  return text_of(j);
}

std::string json_of(const std::vector<std::optional<case_result>>& results, bool partial) {
  json j;
  j["plumbline"] = json_version, j["commit"] = built_commit(), j["machine"] = of_machine(machine_of(nullptr));
  j["partial"] = partial;
  j["cases"] = json::array();
  for (const auto& r : results) {
    if (!r) continue;
    json metrics = {{"budget_used", json_number(r->judged.budget_used())}}, stages = json::object();
    metrics.update(of_metrics(r->judged.metrics));
    std::map<std::string, double> used;  // by output: the worst of its tests
    for (const finding& f : r->judged.findings)
      if (worse(used[f.output], f.used)) used[f.output] = f.used;
    for (const auto& [output, value] : used) stages[output] = json_number(value);
    for (const stage_verdict& one : r->stages) stages[one.stage] = json_number(one.judged.budget_used());
    const stage_verdict* first = first_outside(r->stages);
    j["cases"].push_back({{"case", r->case_text},
                          {"verdict", std::string(name_of(r->result))},
                          {"digest", r->digest},
                          {"metrics", metrics},
                          {"stages", stages},
                          {"first_stage", first == nullptr ? "" : first->stage},
                          {"law", r->failed_law},
                          {"message", r->result == outcome::skipped ? r->skip_reason : r->message},
                          {"seconds", json_number(r->seconds)}});
  }
  return text_of(j);
}

std::string verdict_of(const external_judgement& e) {
  return e.kind == "unsupported" ? "unsupported" : std::string(name_of(e.result));
}

std::string json_of(const std::string& file, const std::vector<external_judgement>& all, bool partial) {
  json j;
  j["plumbline"] = json_version, j["commit"] = built_commit(), j["file"] = file, j["partial"] = partial,
  j["cases"] = json::array();
  for (const external_judgement& e : all) j["cases"].push_back(of_judgement(e));
  return text_of(j);
}

std::string budgets_json(std::span<const operation* const> operations) {
  json j;
  j["plumbline"] = json_version, j["budgets"] = json::array();
  for (const operation* o : operations) {
    const std::vector<contract> contracts = contracts_of(*o);
    json names = json::array();
    for (const contract& c : contracts) names.push_back(c.name);
    j["budgets"].push_back({{"operator", o->op()},
                            {"function", o->function()},
                            {"contracts", names},
                            {"text", o->budgets(contracts)}});
  }
  return text_of(j);
}

std::vector<std::string> claims_of(claim all) {
  std::vector<std::string> names;
  for (const auto& [one, name] : claim_names)
    if (promises(all, one)) names.emplace_back(name);
  return names;
}

std::string json_of(std::span<const operation* const> operations, side kernels,
                    const std::map<std::string, std::int64_t>& recorded) {
  json j;
  j["plumbline"] = json_version, j["operations"] = json::array();
  for (const operation* o : operations) {
    json one;
    one["operator"] = o->op(), one["function"] = o->function(), one["rows"] = json::array();
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts)
        one["rows"].push_back({{"variant", v.name},
                               {"dtype", name_of(c.in)},
                               {"contract", c.name},
                               {"claims", claims_of(v.claims)}});
    std::int64_t cases = 0;
    for (const auto& [group, n] : recorded) cases += o->claims_group(group) ? n : 0;
    one["recorded"] = cases;
    one["laws"] = o->laws(), one["regimes"] = o->regimes();
    one["coverage_floors"] = json::object(), one["meanings"] = json::object();
    for (const std::string& name : o->laws()) one["meanings"][name] = o->meaning(name);
    for (const std::string& name : o->regimes()) one["meanings"][name] = o->meaning(name);
    for (const auto& [name, floor] : o->coverage_floors())
      one["coverage_floors"][name] = floor, one["meanings"][name] = o->meaning(name);
    j["operations"].push_back(one);
  }
  return text_of(j);
}

}  // namespace plumbline::program
