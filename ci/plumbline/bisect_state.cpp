#include "ci/plumbline/bisect_state.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/json_number.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

void replace(const std::string& file, const json& j) {
  const std::string beside = file + ".writing";
  fs::create_directories(fs::path(file).parent_path());
  std::ofstream out(beside);
  out << j.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
  out.close();
  std::error_code failed;
  if (out) fs::rename(beside, file, failed);
  if (!out || failed) throw cannot_run(file + ": could not be written");
}

json read(const std::string& file) {
  std::ifstream in(file);
  json j = json::parse(in, nullptr, false);
  if (j.is_discarded())
    throw cannot_run(file + ": expected JSON that plumbline bisect wrote; remove the file");
  return j;
}

}  // namespace

bisect_plan bisect_folder::plan() const {
  const json j = read(file("plan.json"));
  bisect_plan p;
  p.repository = j.at("repository"), p.worktree = j.at("worktree"), p.build = j.at("build");
  p.good = j.at("good"), p.bad = j.at("bad"), p.row = j.at("row"), p.case_text = j.at("case");
  p.contract = j.at("contract"), p.outputs = j.at("outputs").get<std::vector<std::string>>();
  p.metric = j.at("metric"), p.on = j.at("on"), p.threshold = number_from(j.at("threshold"));
  p.repeats = j.at("repeats"), p.jobs = j.at("jobs"), p.case_timeout = j.at("case_timeout");
  p.cmake = j.at("cmake").get<std::vector<std::string>>(), p.parent = j.at("parent");
  return p;
}

void bisect_folder::write(const bisect_plan& p) const {
  replace(file("plan.json"), {{"repository", p.repository},
                              {"worktree", p.worktree},
                              {"build", p.build},
                              {"good", p.good},
                              {"bad", p.bad},
                              {"row", p.row},
                              {"case", p.case_text},
                              {"contract", p.contract},
                              {"outputs", p.outputs},
                              {"metric", p.metric},
                              {"on", p.on},
                              {"threshold", json_number(p.threshold)},
                              {"repeats", p.repeats},
                              {"jobs", p.jobs},
                              {"case_timeout", p.case_timeout},
                              {"cmake", p.cmake},
                              {"parent", p.parent}});
}

std::optional<measured_commit> bisect_folder::measured(const std::string& commit) const {
  const std::string from = file("commits/" + commit + ".json");
  if (!fs::exists(from)) return std::nullopt;
  const json j = read(from);
  measured_commit m;
  m.reason = j.at("reason"), m.repeats = j.at("repeats"), m.digest = j.at("digest");
  m.seconds = number_from(j.at("seconds")), m.first_stage = j.at("first_stage");
  for (const auto& [name, value] : j.at("stages").items()) m.stages[name] = number_from(value);
  m.built.compiler = j.at("compiler"), m.built.flags = j.at("flags").get<std::vector<std::string>>();
  for (const json& run : j.at("runs")) {
    m.runs.emplace_back();
    for (const auto& [name, value] : run.items()) m.runs.back()[name] = number_from(value);
  }
  return m;
}

void bisect_folder::write(const std::string& commit, const measured_commit& m) const {
  json runs = json::array();
  for (const auto& run : m.runs) {
    json one = json::object();
    for (const auto& [name, value] : run) one[name] = json_number(value);
    runs.push_back(one);
  }
  json stages = json::object();
  for (const auto& [name, value] : m.stages) stages[name] = json_number(value);
  replace(file("commits/" + commit + ".json"), {{"reason", m.reason},
                                                {"repeats", m.repeats},
                                                {"digest", m.digest},
                                                {"stages", stages},
                                                {"first_stage", m.first_stage},
                                                {"seconds", m.seconds},
                                                {"compiler", m.built.compiler},
                                                {"flags", m.built.flags},
                                                {"runs", runs}});
}

std::vector<double> values_of(const measured_commit& m, const std::string& metric) {
  std::vector<double> all;
  for (const auto& run : m.runs)
    if (const auto found = run.find(metric); found != run.end()) {
      const double size = std::fabs(found->second);
      all.push_back(std::isnan(size) ? std::numeric_limits<double>::infinity() : size);
    }
  std::sort(all.begin(), all.end());
  return all;
}

commit_side side_of(const measured_commit& m, const std::string& metric, double threshold) {
  const std::vector<double> values = values_of(m, metric);
  if (!m.reason.empty() || values.empty()) return commit_side::untold;
  if (std::isnan(threshold)) return commit_side::between;
  const auto past = [&](double x) { return std::isinf(threshold) ? std::isinf(x) : x > threshold; };
  if (past(values.front()) != past(values.back())) return commit_side::untold;
  return past(values.front()) ? commit_side::bad : commit_side::good;
}

double value_of(const measured_commit& m, const std::string& metric) {
  const std::vector<double> values = values_of(m, metric);
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : values[values.size() / 2];
}

}  // namespace plumbline::program
