#include "ci/plumbline/planned_cases.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/case_owner.hpp"
#include "ci/plumbline/memory.hpp"
#include "ci/plumbline/provenance.hpp"
#include "ci/plumbline/rows.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

bool names_a_file(const std::string& text) {
  std::error_code none;
  const std::string file = split_case_path(text).first;
  if (fs::exists(file, none) || fs::exists(text, none)) return true;
  if (text.find(':') != std::string::npos) return false;
  return text.find('=') == std::string::npos;  // "nosuch.h5": refused as a file
}

// Whose outputs a case holds beside its inputs; empty: inputs alone, for every variant that takes them.
std::string recorded_for(const recorded_case& c) {
  const auto found = c.options.find(std::string(recorded_variant));
  return found == c.options.end() ? "" : found->second;
}

class planning {
 public:
  planning(const instrument& all, const std::string& on) : all_(all), on_(on) {}

  case_plan planned(const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
      if (names_a_file(text))
        add_file(text);
      else
        add_typed(text);
    for (const planned_case& c : plan_.cases)
      if (const std::string why = too_big(all_, c.spec); !why.empty() && !c.from_file)
        throw cannot_run("'" + c.spec.str() + "' " + why);
    if (plan_.cases.empty() && plan_.unrunnable.empty())
      throw cannot_run("nothing to run: " + (plan_.unknown.empty() ? "no case in " + plan_.read.front()
                                                                   : plan_.unknown.begin()->first));
    return std::move(plan_);
  }

 private:
  side kernels_of(const std::string& on) {
    if (on != "host" && on != "checked" && on != "gpu")
      throw bad_argument("executor", "expected host, checked or gpu, got '" + on + "'");
    std::string why_not;
    const std::unique_ptr<executor> e = all_.make_executor(on, why_not);
    if (!e) throw cannot_run(why_not);
    return e->kernels();
  }

  void add_typed(const std::string& text) {
    const case_spec spec = case_spec::parse(text);
    if (!spec.recorded.empty()) {
      plan_.read.push_back(located(split_case_path(spec.recorded).first));
      try {
        load_recorded(spec.recorded);
      } catch (const std::exception& e) {
        throw cannot_run("'" + text + "': " + e.what());
      }
    }
    add_line(spec, false);
  }

  void add_line(case_spec spec, bool from_file) {
    const std::string said = on_.empty() || spec.executor == on_ ? "" : spec.executor;
    if (!on_.empty()) spec.executor = on_;
    const operation& op = find_operation(all_, spec.op, spec.function);
    spec.function = op.function();
    std::vector<std::string> known;
    bool found = false;
    for (const variant_info& v : op.variants(kernels_of(spec.executor))) {
      known.push_back(v.name);
      if (!spec.variant.empty() && spec.variant != v.name) continue;
      found = true;
      plan_.cases.push_back({spec, from_file, said});
      plan_.cases.back().spec.variant = v.name;
    }
    if (!found)
      throw bad_argument("CASE", "expected a variant of " + name_of(op) + " (" + joined(known) + "), got '" +
                                     spec.variant + "'" + guess(spec.variant, known));
  }

  void add_file(const std::string& text) {
    for (const std::string& one : cases_named("CASE", text)) {
      const std::string file = split_case_path(one).first;
      if (plan_.read.empty() || plan_.read.back() != file) plan_.read.push_back(file);
      const std::string group = group_of_path(one);
      recorded_case stored;
      try {
        stored = load_recorded(one);
      } catch (const std::exception&) {
        stored.function = group;  // the worker meets it again and says why
      }
      const auto line = stored.options.find("case");
      if (line != stored.options.end() &&
          line->second.rfind("plumbline" + std::to_string(generator_version) + ":", 0) == 0) {
        try {
          add_line(case_spec::parse(line->second), true);
        } catch (const bad_argument& e) {
          plan_.unrunnable.push_back(one + ": " + e.what());
        }
        continue;
      }
      try {
        const std::vector<const operation*> its = owners(all_, stored.function, stored.options);
        for (const operation* op : its) {
          case_spec spec;
          spec.op = op->op(), spec.function = op->function(), spec.recorded = one;
          spec.variant = recorded_for(stored);
          add_line(spec, true);
        }
        if (its.empty()) ++plan_.unknown[unknown_group(located(split_case_path(one).first), group)];
      } catch (const bad_argument& e) {
        plan_.unrunnable.push_back(one + ": " + e.what());
      }
    }
  }

  const instrument& all_;
  const std::string& on_;
  case_plan plan_;
};

}  // namespace

case_plan plan_cases(const instrument& all, const std::vector<std::string>& texts, const std::string& on) {
  return planning(all, on).planned(texts);
}

}  // namespace plumbline::program
