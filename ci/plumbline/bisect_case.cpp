#include "ci/plumbline/bisect_case.hpp"

#include <filesystem>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/planned_cases.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/rows.hpp"
#include "fixtures/seal.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

// What planning says of a case, under the name of the option that it came in.
case_plan planned(const instrument& all, const std::string& text, const std::string& on) {
  const auto names_it = [](const std::string& said) {
    return said.rfind("CASE: ", 0) == 0 || said.rfind("case: ", 0) == 0;
  };
  const std::size_t name = 6;
  try {
    return plan_cases(all, {text}, on);
  } catch (const bad_argument& e) {
    const std::string said = e.what();
    throw bad_argument("--case", names_it(said) ? said.substr(name) : said);
  } catch (const cannot_run& e) {
    const std::string said = e.what();
    if (!names_it(said)) throw;
    throw cannot_run("--case: " + said.substr(name));
  }
}

case_spec only_case(const instrument& all, const std::string& text, const std::string& on) {
  const case_plan plan = planned(all, text, on);
  if (!plan.unrunnable.empty()) throw bad_argument("--case", plan.unrunnable.front());
  if (plan.cases.size() == 1) return plan.cases.front().spec;
  std::vector<std::string> found;
  for (const planned_case& one : plan.cases)
    add_once(found, one.spec.op + "." + one.spec.function + "/" + one.spec.variant);
  throw bad_argument("--case", found.size() > 1
                                   ? "expected one variant, got '" + text + "': one of " + joined(found)
                                   : "expected one case, got '" + text + "', which holds " +
                                         std::to_string(plan.cases.size()) + " (name one: FILE#/group/case)");
}

// Inputs, then inputs and outputs; false: a signal ended it.
bool save_both(const case_spec& spec, double case_timeout, const std::string& folder, std::string& why_not) {
  worker_pool pool(1, case_timeout);
  int given = 0;
  return pump(
      pool,
      [&]() -> std::optional<work> {
        if (given == 2) return std::nullopt;
        work w;
        w.what = task::save, w.case_text = spec.str(), w.outputs = given++ == 1;
        w.file = folder + (w.outputs ? "/today.h5" : "/made.h5");
        return w;
      },
      [&](const finished& f) {
        if (why_not.empty()) why_not = f.lost.empty() ? f.got.error : f.lost;
      },
      [] {});
}

}  // namespace

frozen_case freeze_case(const instrument& all, const std::string& text, const std::string& on,
                        double case_timeout, const std::string& folder) {
  const case_spec spec = only_case(all, text, on);
  frozen_case frozen;
  frozen.op = spec.op, frozen.function = spec.function, frozen.variant = spec.variant;
  std::filesystem::create_directories(folder);
  std::string why_not;
  frozen.ended = !save_both(spec, case_timeout, folder, why_not);
  if (frozen.ended) return frozen;
  if (!why_not.empty()) throw bad_argument("--case", why_not);
  recorded_case made = load_recorded(cases_of(folder + "/made.h5").at(0));
  const recorded_case today = load_recorded(cases_of(folder + "/today.h5").at(0));
  for (const auto& one : today.tensors)
    if (!made.tensors.has(one.name)) frozen.outputs.push_back(one.name);
  if (frozen.outputs.empty())
    throw cannot_run("--case: " + spec.variant + " computes nothing of '" + text +
                     "' today (plumbline replay says why)");
  if (const auto found = today.options.find("contract"); found != today.options.end())
    frozen.contract = found->second;
  made.options.erase("case");
  fixtures::stored_case stored;
  stored.group = frozen.group = made.function, stored.name = frozen.name = "case";
  stored.attributes = made.options, stored.tensors = made.tensors;
  frozen.digest = fixtures::digest_of(stored);
  fixtures::write_unsealed(folder + "/input.h5", {stored}, {{"written_by", "plumbline"}});
  return frozen;
}

}  // namespace plumbline::program
