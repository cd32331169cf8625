// What the operations of all functions do alike, around the few steps in which they differ.
//
// A function says how its cases are drawn, parsed, generated, read from a record and judged; examining,
// shrinking and recording follow from that and are written here once.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/examination.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/problem_class.hpp"
#include "properties/meaning.hpp"
#include "properties/recorded_source.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

/// A problem with its inputs; `text` says how it is presented, when it comes from a record.
template <class Problem>
struct material {
  std::string text;
  Problem problem;
  tensor_set inputs;
};

/// What a function is made of: the tables and free functions that belong to its problem.
template <class Problem>
struct function_parts {
  std::string_view op, name;
  std::span<const variant<Problem>> (*table)(side);
  bool (*takes)(dtype in);  // input types that the function has at all
  std::span<const std::string_view> regimes;
  std::span<const laws::law<Problem>> (*laws)();
  std::span<const generate::problem_class<Problem>> (*classes)();
  std::vector<Problem> (*smaller)(const Problem&);  // of a failing one, best first
  Problem (*parse)(const keyed_text&);
  std::map<std::string, std::string> (*options_of_problem)(const Problem&);
  double (*memory_needed)(const Problem&);  // bytes that running it on the host takes, about
  std::string (*budgets)(std::span<const contract>);
  std::span<const meaning> (*meanings)();  // of its regimes, classes and own laws
  std::string_view group = {};  // of a file of cases, where `name` is another operator's; else empty
};

/// Throws bad_argument unless `name` is one of `known`.
inline void require_regime(std::string_view name, std::span<const std::string_view> known) {
  std::string list;
  for (std::string_view one : known) {
    if (one == name) return;
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  throw bad_argument("regime", "expected one of " + list + ", got \"" + std::string(name) + "\"");
}

template <class Problem>
class case_operation : public operation {
 public:
  explicit case_operation(const function_parts<Problem>& parts) : parts_(parts) {}

  std::string_view op() const override { return parts_.op; }
  std::string_view function() const override { return parts_.name; }
  std::vector<variant_info> variants(side where) const override {
    return infos_of(parts_.table(where), parts_.takes);
  }
  std::vector<std::string> regimes() const override { return {parts_.regimes.begin(), parts_.regimes.end()}; }
  std::vector<std::string> laws() const override { return law_names(parts_.laws()); }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    return generate::floors_of(parts_.classes());
  }
  std::string budgets(std::span<const contract> all) const override { return parts_.budgets(all); }
  std::string_view meaning(std::string_view name) const override {
    return meaning_of(name, parts_.meanings());
  }
  double memory_needed(const case_spec& spec) const override {
    return spec.recorded.empty() ? parts_.memory_needed(parts_.parse(keyed_text(spec.problem))) : 0;
  }

  case_spec draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const override {
    const contract* promised = row_of(parts_.table(side::host), variant).contract_for(in);
    if (promised == nullptr)
      throw bad_argument(
          "dtype", "expected one that " + std::string(variant) + " takes, got " + std::string(name_of(in)));
    const std::string_view how = regime.empty() ? draw_regime(seed, index) : regime;
    require_regime(how, parts_.regimes);
    case_spec spec;
    spec.op = op();
    spec.function = function();
    spec.variant = variant;
    spec.problem = to_text(draw_problem(*promised, how, seed, index));
    spec.regime = how;
    spec.seed = generate::draws(seed, index, "inputs").short_seed();
    return spec;
  }

  std::vector<case_spec> smaller(const case_spec& failing) const override {
    std::vector<case_spec> all;
    if (!failing.recorded.empty()) return all;
    for (const Problem& p : parts_.smaller(parts_.parse(keyed_text(failing.problem)))) {
      all.push_back(failing);
      all.back().problem = to_text(p);
    }
    return all;
  }

  case_result examine(const case_spec& spec, executor& where, const examine_options& how) const override {
    if (!spec.recorded.empty()) return examine_recorded(load_recorded(spec.recorded), spec, where, how);
    if (spec.variant.empty()) return examine_every_variant(spec, where, how);
    case_result refused = refusal_of(spec, where);
    if (refused.result == outcome::skipped) return refused;
    return examine_material(generated(spec), spec, where, how);
  }

  case_result examine_recorded(const recorded_case& c, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    if (spec.variant.empty()) {
      case_spec named = spec;
      case_result all = nothing_took(spec);
      for (const auto& row : parts_.table(where.kernels())) {
        named.variant = row.name;
        fold(all, examine_recorded(c, named, where, how));
      }
      return all;
    }
    case_result all = nothing_took(spec);
    if (all.skip_reason = not_runnable(c); !all.skip_reason.empty()) return all;
    bool first = true;
    for (const material<Problem>& one : from_record(c, spec)) {
      case_spec named = spec;
      named.problem = one.text;
      case_result result = examine_material(one, named, where, first ? how : examine_options{false, false});
      all = first ? std::move(result) : worse(std::move(all), std::move(result));
      first = false;
    }
    return all;
  }

  recorded_case record(const case_spec& spec, executor* where) const override {
    const material<Problem> m = spec.recorded.empty()
                                    ? generated(spec)
                                    : std::move(from_record(load_recorded(spec.recorded), spec).front());
    recorded_case c;
    c.function = parts_.group.empty() ? parts_.name : parts_.group;
    c.options = parts_.options_of_problem(m.problem);
    c.options["case"] = spec.str();
    c.tensors = m.inputs;
    if (where == nullptr || spec.variant.empty()) return c;
    const auto& row = row_of(parts_.table(where->kernels()), spec.variant);
    const contract* promised = row.contract_for(type_of(m.problem));
    if (promised == nullptr || !row.domain(m.problem).empty()) return c;
    c.options["contract"] = promised->name;
    const tensor_set none;
    const laws::subject<Problem> subject{
        m.problem, m.inputs, none, row, *promised, *where, plumbline::options_of(spec), spec.seed};
    laws::attempt run = subject.run(m.problem, m.inputs);
    if (run.why_not) return c;
    for (auto& e : run.outputs) c.tensors.set(output_name(e.name, m.inputs), std::move(e.value));
    return c;
  }

 protected:
  using judge_outputs = std::function<verdict(const contract&, const tensor_set& outputs)>;

  /// Regime of the index-th case of a run: one of the function's.
  virtual std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const = 0;
  /// The index-th problem for a variant that promises this: it has the contract's input and output types.
  virtual Problem draw_problem(const contract&, std::string_view regime, std::uint64_t seed,
                               std::uint64_t index) const = 0;
  /// Inputs of a problem; may settle fields of it that depend on them.
  virtual tensor_set draw_inputs(Problem&, std::string_view regime, std::uint64_t seed) const = 0;
  /// The one presentation of a record; a function with several overrides `from_record`.
  virtual material<Problem> read_record(const recorded_case&) const = 0;
  virtual std::vector<material<Problem>> from_record(const recorded_case& c, const case_spec& spec) const {
    if (!spec.problem.empty())
      throw bad_argument("case", "a recorded " + std::string(parts_.name) + " has one presentation, got \"" +
                                     spec.problem + "\"");
    std::vector<material<Problem>> all;
    all.push_back(read_record(c));
    check(all.front().problem, all.front().inputs);
    return all;
  }
  /// Empty, or why a record of a claimed group holds nothing to run (it may still be judged).
  virtual std::string not_runnable(const recorded_case&) const { return ""; }
  /// How the outputs of this problem are judged; `result` takes the reference's seconds.
  virtual judge_outputs judge_of(const material<Problem>&, case_result& result) const = 0;
  virtual dtype type_of(const Problem&) const = 0;
  /// Name of an output in a file of cases, where inputs lie beside it.
  virtual std::string output_name(const std::string& name, const tensor_set& inputs) const {
    return inputs.has(name) ? "out_" + name : name;
  }

 private:
  static std::string_view regime_said(const case_spec& spec) {
    return spec.regime.empty() ? "normal" : std::string_view(spec.regime);
  }
  /// A problem that the variant does not take is skipped before inputs are made for it in vain.
  case_result refusal_of(const case_spec& spec, const executor& where) const {
    require_regime(regime_said(spec), parts_.regimes);
    const Problem p = parts_.parse(keyed_text(spec.problem));
    check(p);
    case_result result;
    result.skip_reason = row_of(parts_.table(where.kernels()), spec.variant).domain(p);
    if (result.skip_reason.empty()) return result;
    result.case_text = spec.str();
    result.classes = generate::names_holding(parts_.classes(), p);
    result.result = outcome::skipped;
    return result;
  }
  material<Problem> generated(const case_spec& spec) const {
    const std::string_view how = regime_said(spec);
    require_regime(how, parts_.regimes);
    material<Problem> m{"", parts_.parse(keyed_text(spec.problem)), {}};
    m.inputs = draw_inputs(m.problem, how, spec.seed);
    check(m.problem, m.inputs);
    return m;
  }
  case_result examine_material(const material<Problem>& m, const case_spec& spec, executor& where,
                               const examine_options& how) const {
    const stopwatch all;
    case_result result;
    result.case_text = spec.str();
    result.classes = generate::names_holding(parts_.classes(), m.problem);
    examine_stages<Problem>(m.problem, m.inputs, row_of(parts_.table(where.kernels()), spec.variant), spec,
                            where, how, type_of(m.problem), judge_of(m, result), parts_.laws(), result);
    result.seconds = all.seconds();
    return result;
  }
  static case_result nothing_took(const case_spec& spec) {
    case_result all;
    all.case_text = spec.str();
    all.result = outcome::skipped;
    all.skip_reason = "no variant takes the problem";
    return all;
  }
  static void fold(case_result& all, case_result one) {
    if (one.result != outcome::skipped) all = worse(std::move(all), std::move(one));
  }
  case_result examine_every_variant(const case_spec& spec, executor& where,
                                    const examine_options& how) const {
    case_result all = nothing_took(spec);
    const material<Problem> m = generated(spec);
    for (const auto& row : parts_.table(where.kernels())) {
      case_spec named = spec;
      named.variant = row.name;
      fold(all, examine_material(m, named, where, how));
    }
    return all;
  }

  function_parts<Problem> parts_;
};

}  // namespace plumbline
