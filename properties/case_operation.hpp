// What the operations of all functions do alike, around the few steps in which they differ.
//
// A function says how its cases are drawn, parsed, generated, read from a record and judged; examining,
// shrinking and recording follow from that and are written here once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "properties/examination.hpp"
#include "properties/generate/coverage.hpp"
#include "properties/generate/shrink.hpp"
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

template <class Problem>
class case_operation : public operation {
 public:
  std::vector<case_spec> smaller(const case_spec& failing) const override {
    std::vector<case_spec> all;
    if (!failing.recorded.empty()) return all;
    for (const Problem& p : generate::children(parse(keyed_text(failing.problem)))) {
      all.push_back(failing);
      all.back().problem = to_text(p);
    }
    return all;
  }

  case_result examine(const case_spec& spec, executor& where, const examine_options& how) const override {
    if (!spec.recorded.empty()) return examine_recorded(load_recorded(spec.recorded), spec, where, how);
    if (spec.variant.empty()) return examine_every_variant(spec, where, how);
    return examine_material(generated(spec), spec, where, how);
  }

  case_result examine_recorded(const recorded_case& c, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    if (spec.variant.empty()) {
      case_spec named = spec;
      case_result all = nothing_took(spec);
      for (const auto& row : table(where.kernels())) {
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
    c.function = function();
    c.options = options_of_problem(m.problem);
    c.options["case"] = spec.str();
    c.tensors = m.inputs;
    if (where == nullptr || spec.variant.empty()) return c;
    const auto& row = row_of(table(where->kernels()), spec.variant);
    const contract* promised = row.contract_for(type_of(m.problem));
    if (promised == nullptr || !row.domain(m.problem).empty()) return c;
    c.options["contract"] = promised->name;
    const tensor_set none;
    const laws::subject<Problem> subject{
        m.problem, m.inputs, none, row, *promised, *where, plumbline::options_of(spec), spec.seed};
    laws::attempt run = subject.run(m.problem, m.inputs);
    if (run.why_not) return c;
    for (auto& e : run.outputs) c.tensors.set(output_name(e.name), std::move(e.value));
    return c;
  }

 protected:
  virtual std::span<const variant<Problem>> table(side) const = 0;
  virtual Problem parse(const keyed_text&) const = 0;
  virtual material<Problem> generated(const case_spec&) const = 0;
  virtual std::vector<material<Problem>> from_record(const recorded_case&, const case_spec&) const = 0;
  /// Empty, or why a record of a claimed group holds nothing to run (it may still be judged).
  virtual std::string not_runnable(const recorded_case&) const { return ""; }
  virtual case_result examine_material(const material<Problem>&, const case_spec&, executor&,
                                       const examine_options&) const = 0;
  virtual dtype type_of(const Problem&) const = 0;
  virtual std::map<std::string, std::string> options_of_problem(const Problem&) const = 0;
  /// Name of an output in a file of cases.
  virtual std::string output_name(const std::string& name) const { return name; }

  case_spec spec_of(std::string_view variant, std::string problem, std::string_view regime,
                    std::uint64_t seed) const {
    case_spec spec;
    spec.op = op();
    spec.function = function();
    spec.variant = variant;
    spec.problem = std::move(problem);
    spec.regime = regime;
    spec.seed = seed;
    return spec;
  }

 private:
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
    for (const auto& row : table(where.kernels())) {
      case_spec named = spec;
      named.variant = row.name;
      fold(all, examine_material(m, named, where, how));
    }
    return all;
  }
};

/// Throws bad_argument unless `name` is one of `known`.
template <class Names>
void require_regime(std::string_view name, const Names& known) {
  std::string list;
  for (std::string_view one : known) {
    if (one == name) return;
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  throw bad_argument("regime", "expected one of " + list + ", got \"" + std::string(name) + "\"");
}

}  // namespace plumbline
