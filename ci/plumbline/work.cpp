#include "ci/plumbline/work.hpp"

#include <nlohmann/json.hpp>

#include "ci/plumbline/json_number.hpp"

namespace plumbline::program {

using nlohmann::json;

namespace {

std::string line_of(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

json to_json(const finding& f) {
  json budget = json::array();
  for (const budget_part& p : f.budget) budget.push_back({p.name, json_number(p.value)});
  return {{"test", f.test},
          {"output", f.output},
          {"used", json_number(f.used)},
          {"where", f.where},
          {"computed", json_number(f.computed)},
          {"truth", json_number(f.truth)},
          {"budget", budget},
          {"message", f.message}};
}

finding finding_from(const json& j) {
  finding f;
  f.test = j.at("test"), f.output = j.at("output"), f.where = j.at("where"), f.message = j.at("message");
  f.used = number_from(j.at("used")), f.computed = number_from(j.at("computed")),
  f.truth = number_from(j.at("truth"));
  for (const json& p : j.at("budget")) f.budget.push_back({p.at(0), number_from(p.at(1))});
  return f;
}

json to_json(const std::map<std::string, double>& metrics) {
  json j = json::object();
  for (const auto& [name, value] : metrics) j[name] = json_number(value);
  return j;
}

std::map<std::string, double> metrics_from(const json& j) {
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : j.items()) metrics[name] = number_from(value);
  return metrics;
}

json to_json(const verdict& v) {
  json findings = json::array();
  for (const finding& f : v.findings) findings.push_back(to_json(f));
  return {{"result", static_cast<int>(v.result)},
          {"findings", findings},
          {"message", v.message},
          {"elements", v.elements},
          {"histogram", v.used_histogram},
          {"metrics", to_json(v.metrics)},
          {"warnings", v.warnings}};
}

verdict verdict_from(const json& j) {
  verdict v;
  v.result = static_cast<outcome>(j.at("result").get<int>());
  for (const json& f : j.at("findings")) v.findings.push_back(finding_from(f));
  v.message = j.at("message"), v.elements = j.at("elements"), v.used_histogram = j.at("histogram");
  v.metrics = metrics_from(j.at("metrics"));
  v.warnings = j.at("warnings").get<std::vector<std::string>>();
  return v;
}

json to_json(const std::vector<stage_verdict>& stages) {
  json all = json::array();
  for (const stage_verdict& one : stages) all.push_back({one.stage, to_json(one.judged)});
  return all;
}

std::vector<stage_verdict> stages_from(const json& j) {
  std::vector<stage_verdict> all;
  for (const json& one : j) all.push_back({one.at(0), verdict_from(one.at(1))});
  return all;
}

json to_json(const case_result& r) {
  json laws = json::array();
  for (const law_result& l : r.laws) laws.push_back({l.law, static_cast<int>(l.result), l.message});
  return {{"case", r.case_text},
          {"result", static_cast<int>(r.result)},
          {"skip", r.skip_reason},
          {"judged", to_json(r.judged)},
          {"laws", laws},
          {"message", r.message},
          {"law", r.failed_law},
          {"digest", r.digest},
          {"stages", to_json(r.stages)},
          {"no_stages", r.no_stages},
          {"classes", r.classes},
          {"seconds", json_number(r.seconds)},
          {"reference_seconds", json_number(r.reference_seconds)}};
}

case_result result_from(const json& j) {
  case_result r;
  r.case_text = j.at("case"), r.skip_reason = j.at("skip"), r.message = j.at("message");
  r.result = static_cast<outcome>(j.at("result").get<int>());
  r.judged = verdict_from(j.at("judged"));
  for (const json& l : j.at("laws"))
    r.laws.push_back({l.at(0), static_cast<outcome>(l.at(1).get<int>()), l.at(2)});
  r.failed_law = j.at("law"), r.digest = j.at("digest"), r.stages = stages_from(j.at("stages"));
  r.no_stages = j.at("no_stages");
  r.classes = j.at("classes").get<std::vector<std::string>>();
  r.seconds = number_from(j.at("seconds")), r.reference_seconds = number_from(j.at("reference_seconds"));
  return r;
}

}  // namespace

std::string to_line(const work& w) {
  return line_of({{"id", w.id},
                  {"task", static_cast<int>(w.what)},
                  {"op", w.op},
                  {"function", w.function},
                  {"variant", w.variant},
                  {"in", static_cast<int>(w.in)},
                  {"seed", w.seed},
                  {"index", w.index},
                  {"regime", w.regime},
                  {"executor", w.executor},
                  {"laws", w.laws},
                  {"all_laws", w.all_laws},
                  {"stages", static_cast<int>(w.stages)},
                  {"case", w.case_text},
                  {"recorded", w.recorded},
                  {"contract", w.contract},
                  {"file", w.file},
                  {"outputs", w.outputs},
                  {"truth", w.truth},
                  {"taps", w.taps},
                  {"attributes", w.attributes}});
}

work work_from_line(std::string_view line) {
  const json j = json::parse(line);
  work w;
  w.id = j.at("id"), w.what = static_cast<task>(j.at("task").get<int>());
  w.op = j.at("op"), w.function = j.at("function"), w.variant = j.at("variant");
  w.in = static_cast<dtype>(j.at("in").get<int>());
  w.seed = j.at("seed"), w.index = j.at("index"), w.regime = j.at("regime"), w.executor = j.at("executor");
  w.laws = j.at("laws"), w.all_laws = j.at("all_laws"), w.case_text = j.at("case");
  w.recorded = j.at("recorded"), w.contract = j.at("contract");
  w.file = j.at("file"), w.outputs = j.at("outputs"), w.taps = j.at("taps"), w.truth = j.at("truth");
  w.stages = static_cast<stages_wanted>(j.at("stages").get<int>());
  w.attributes = j.at("attributes").get<std::map<std::string, std::string>>();
  return w;
}

std::string to_line(const answer& a) {
  if (!a.done) return line_of({{"id", a.id}, {"about", a.about}});
  const external_judgement& e = a.judged;
  return line_of({{"id", a.id},
                  {"error", a.error},
                  {"usage", a.usage},
                  {"result", to_json(a.result)},
                  {"judged",
                   {{"group", e.group},
                    {"kind", e.kind},
                    {"result", static_cast<int>(e.result)},
                    {"used", json_number(e.used)},
                    {"message", e.message},
                    {"stages", to_json(e.stages)},
                    {"metrics", to_json(e.metrics)}}}});
}

answer answer_from_line(std::string_view line) {
  const json j = json::parse(line);
  answer a;
  a.id = j.at("id");
  if (j.contains("about")) {
    a.about = j.at("about");
    return a;
  }
  a.done = true, a.error = j.at("error"), a.usage = j.at("usage"), a.result = result_from(j.at("result"));
  const json& e = j.at("judged");
  a.judged.group = e.at("group"), a.judged.kind = e.at("kind"), a.judged.message = e.at("message");
  a.judged.result = static_cast<outcome>(e.at("result").get<int>()),
  a.judged.used = number_from(e.at("used"));
  a.judged.metrics = metrics_from(e.at("metrics")), a.judged.stages = stages_from(e.at("stages"));
  return a;
}

}  // namespace plumbline::program
