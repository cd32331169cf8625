#include "ci/plumbline/fixture_cases.hpp"

#include <algorithm>
#include <utility>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/case_owner.hpp"
#include "ci/plumbline/provenance.hpp"
#include "ci/plumbline/recipe_case.hpp"
#include "ci/plumbline/rows.hpp"
#include "fixtures/difference.hpp"
#include "properties/case_spec.hpp"
#include "properties/in_double.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

std::string option_of(const recorded_case& c, std::string_view name) {
  const auto found = c.options.find(std::string(name));
  return found == c.options.end() ? "" : found->second;
}

class examination_of_a_record {
 public:
  examination_of_a_record(const instrument& all, const std::string& path, executor& where)
      : all_(all),
        path_(path),
        where_(where),
        stored_(load_recorded(path)),
        case_(is_recipe(stored_) ? drawn(all, stored_) : stored_) {}

  external_judgement run() {
    external_judgement all;
    all.group = case_.function + "/" + case_.name, all.kind = "checked", all.result = outcome::pass;
    const std::vector<const operation*> its = owners(all_, case_.function, case_.options);
    if (its.empty()) {
      all.kind = "unsupported", all.result = outcome::skipped;
      all.message = unknown_group(located(split_case_path(path_).first), case_.function);
      return all;
    }
    if (!is_recipe(stored_)) recipe(), judged(its, all);
    for (const operation* op : its) replayed(*op);
    if (runs_ == 0 && all.result == outcome::pass) not_asked_.push_back("no variant takes it");
    for (const operation* op : its) same_outputs(*op);
    if (!wrong_.empty()) all.result = outcome::fail;
    const std::vector<std::string>& said = wrong_.empty() ? not_asked_ : wrong_;
    for (const std::string& one : said) all.message += (all.message.empty() ? "" : "; ") + one;
    return all;
  }

 private:
  void recipe() {
    const std::string line = option_of(case_, "case");
    if (line.empty() || line.find(";recorded=") != std::string::npos) return;
    const std::string ours = "plumbline" + std::to_string(generator_version) + ":";
    if (line.rfind(ours, 0) != 0) {
      not_asked_.push_back("its line is of other generators, " + line.substr(0, line.find(':')));
      return;
    }
    try {
      const case_spec spec = case_spec::parse(line);
      const recorded_case drawn = find_operation(all_, spec.op, spec.function).record(spec, nullptr);
      for (const auto& [name, value] : drawn.tensors) {
        const tensor* stored = case_.tensors.find(name);
        if (stored == nullptr)
          wrong_.push_back("stale recipe: its line draws " + name + ", which it does not hold");
        else if (const std::string differs = difference(name, *stored, value); !differs.empty())
          wrong_.push_back("stale recipe: its line draws other inputs: " + differs);
      }
    } catch (const std::exception& e) {
      wrong_.push_back(std::string("stale recipe: ") + e.what());
    }
  }

  static std::string difference(const std::string& name, const tensor& stored, const tensor& now) {
    fixtures::stored_case before, after;
    before.tensors.set(name, stored), after.tensors.set(name, now);
    return fixtures::first_difference(before, after);
  }

  void judged(const std::vector<const operation*>& its, external_judgement& all) {
    external_judgement best;
    best.kind = "unsupported";
    for (const operation* op : its) {
      const external_judgement e = judge_all(*op, case_, "");
      if (best.kind == "unsupported") best = e;
      if (e.kind == "unsupported" || e.kind == "unreadable") continue;
      best = e;
      break;
    }
    all.used = best.used;
    if (best.kind == "unsupported")
      not_asked_.push_back(best.message);
    else if (best.result != outcome::pass)
      wrong_.push_back("what it holds: " + best.message);
  }

  case_spec spec_of(const operation& op, const std::string& variant) const {
    case_spec spec;
    spec.op = op.op(), spec.function = op.function(), spec.variant = variant, spec.recorded = path_;
    return spec;
  }

  void replayed(const operation& op) {
    for (const variant_info& v : op.variants(where_.kernels())) {
      try {
        const case_result r =
            op.examine_recorded(case_, spec_of(op, v.name), where_, examine_options{false, false});
        if (r.result == outcome::skipped) continue;
        ++runs_;
        if (r.result != outcome::pass)
          wrong_.push_back(v.name + " " + std::string(name_of(r.result)) + ": " +
                           (r.message.empty() ? r.judged.message : r.message));
      } catch (const bad_argument& e) {
        wrong_.push_back(v.name + ": " + e.what());
      }
    }
  }

  void same_outputs(const operation& op) {
    const std::string variant = option_of(stored_, recorded_variant);
    if (variant.empty() || option_of(stored_, recorded_executor) != where_.name()) return;
    const std::vector<variant_info> known = op.variants(where_.kernels());
    if (std::none_of(known.begin(), known.end(), [&](const variant_info& v) { return v.name == variant; })) {
      not_asked_.push_back("outputs of " + variant + ", which is gone");
      return;
    }
    const std::string differs = other_outputs(op, variant);
    if (option_of(stored_, recorded_sources) != source_hash(op.op()))
      not_asked_.push_back("outputs of " + variant + " " +
                           std::string(differs.empty() ? of_other_sources : of_other_bits));
    else if (!differs.empty())
      wrong_.push_back(variant + " computes other bits from the same sources: " + differs);
  }

  // The first that the variant computes today with other bits.
  std::string other_outputs(const operation& op, const std::string& variant) {
    if (is_recipe(stored_)) {
      const tensor_set run = drawn_and_run(all_, stored_, where_).tensors;
      const std::string other = other_hash(stored_, run);
      return other.empty() ? no_longer_made(stored_, run) : other;
    }
    for (const auto& [name, value] : op.record(spec_of(op, variant), &where_).tensors)
      if (const tensor* stored = case_.tensors.find(name))
        if (const std::string differs = difference(name, *stored, value); !differs.empty()) return differs;
    return "";
  }

  const instrument& all_;
  const std::string& path_;
  executor& where_;
  const recorded_case stored_, case_;  // as the file has it; with inputs
  std::vector<std::string> wrong_, not_asked_;
  int runs_ = 0;
};

}  // namespace

external_judgement check_recorded(const instrument& all, const std::string& path, executor& where) {
  return examination_of_a_record(all, path, where).run();
}

std::vector<fixtures::stored_case> read_all(const std::string& file) {
  std::vector<fixtures::stored_case> all;
  for (const fixtures::case_path& path : fixtures::list(file)) all.push_back(fixtures::read(file, path));
  return all;
}

}  // namespace plumbline::program
