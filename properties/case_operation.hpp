// A function of a problem, as the flow of cases wants it.
//
// A function says how its cases are drawn, parsed, generated, read from a record and judged; examining,
// shrinking and recording follow from that (case_flow.hpp).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/case_flow.hpp"
#include "properties/generate/problem_class.hpp"
#include "properties/in_double.hpp"
#include "properties/meaning.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/taps.hpp"

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
  /// Truth and companions with their own error; null: its results are bytes, or a chain of roundings.
  std::vector<double_result> (*in_double)(const Problem&, const tensor_set& inputs,
                                          const contract&) = nullptr;
  /// Judges what a call showed on its way, stage by stage; null: the function has no stages.
  std::vector<stage_verdict> (*stages)(const Problem&, const tensor_set& inputs, const contract&,
                                       const tap_record&, const tensor_set& outputs) = nullptr;
};

template <class Problem>
class case_operation : public case_flow {
 public:
  explicit case_operation(const function_parts<Problem>& parts) : parts_(parts) {}

  std::string_view op() const override { return parts_.op; }
  std::string_view function() const override { return parts_.name; }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    return generate::floors_of(parts_.classes());
  }
  std::string budgets(std::span<const contract> all) const override { return parts_.budgets(all); }
  std::string_view meaning(std::string_view name) const override {
    return meaning_of(name, parts_.meanings());
  }

 protected:
  using judge_outputs = std::function<verdict(const contract&, const tensor_set& outputs)>;

  /// The index-th problem for a variant that promises this: it has the contract's input and output types.
  virtual Problem draw_problem(const contract&, std::string_view regime, std::uint64_t seed,
                               std::uint64_t index) const = 0;
  /// Inputs of a problem; may settle fields of it that depend on them.
  virtual tensor_set draw_inputs(Problem&, std::string_view regime, std::uint64_t seed) const = 0;
  /// The one presentation of a record; a function with several overrides `from_record`.
  virtual material<Problem> read_record(const recorded_case&) const = 0;
  virtual std::vector<material<Problem>> from_record(const recorded_case& c, const case_spec& spec) const {
    require_one_presentation(spec);
    std::vector<material<Problem>> all;
    all.push_back(read_record(c));
    check(all.front().problem, all.front().inputs);
    return all;
  }
  /// How the outputs of this problem are judged; `result` takes the reference's seconds.
  virtual judge_outputs judge_of(const material<Problem>&, case_result& result) const = 0;
  virtual dtype type_of(const Problem&) const = 0;

 private:
  class typed_case final : public examined_case {
   public:
    typed_case(const case_operation& owner, material<Problem> m) : owner_(owner), m_(std::move(m)) {}

    const std::string& text() const override { return m_.text; }
    const tensor_set& inputs() const override { return m_.inputs; }
    dtype type() const override { return owner_.type_of(m_.problem); }
    std::vector<std::string> classes() const override {
      return generate::names_holding(owner_.parts_.classes(), m_.problem);
    }
    std::map<std::string, std::string> options() const override {
      return owner_.parts_.options_of_problem(m_.problem);
    }
    std::string outside(side where, std::size_t row) const override {
      return owner_.parts_.table(where)[row].domain(m_.problem);
    }
    laws::attempt run(const chosen_row& how) const override {
      const tensor_set none;
      return subject_of(how, none).run(m_.problem, m_.inputs);
    }
    verdict judge(const contract& promised, const tensor_set& outputs, case_result& result) const override {
      return owner_.judge_of(m_, result)(promised, outputs);
    }
    std::vector<double_result> in_double(const contract& promised) const override {
      if (owner_.parts_.in_double == nullptr) return {};
      return owner_.parts_.in_double(m_.problem, m_.inputs, promised);
    }
    bool has_stages() const override { return owner_.parts_.stages != nullptr; }
    std::vector<stage_verdict> stages(const contract& promised, const tap_record& taps,
                                      const tensor_set& outputs) const override {
      if (owner_.parts_.stages == nullptr) return {};
      return owner_.parts_.stages(m_.problem, m_.inputs, promised, taps, outputs);
    }
    std::vector<law_result> check_laws(const chosen_row& how, const tensor_set& outputs,
                                       bool every_law) const override {
      return laws::check_laws(owner_.parts_.laws(), subject_of(how, outputs), every_law);
    }

   private:
    laws::subject<Problem> subject_of(const chosen_row& how, const tensor_set& outputs) const {
      return {m_.problem,   m_.inputs, outputs,     owner_.parts_.table(how.where.kernels())[how.row],
              how.promised, how.where, how.options, how.seed};
    }

    const case_operation& owner_;
    material<Problem> m_;
  };

  std::vector<table_row> rows(side where) const final {
    std::vector<table_row> all;
    for (const auto& row : parts_.table(where)) all.push_back({row.name, row.contracts, row.claims});
    return all;
  }
  bool takes(dtype in) const final { return parts_.takes(in); }
  std::span<const std::string_view> regime_names() const final { return parts_.regimes; }
  bool has_stages() const final { return parts_.stages != nullptr; }
  std::vector<std::string_view> law_names() const final {
    std::vector<std::string_view> names;
    for (const auto& one : parts_.laws()) names.push_back(one.name);
    return names;
  }
  std::string_view group() const final { return parts_.group.empty() ? parts_.name : parts_.group; }
  std::string draw_text(const contract& promised, std::string_view regime, std::uint64_t seed,
                        std::uint64_t index) const final {
    return to_text(draw_problem(promised, regime, seed, index));
  }
  std::vector<std::string> smaller_texts(const std::string& problem) const final {
    std::vector<std::string> texts;
    for (const Problem& p : parts_.smaller(parts_.parse(keyed_text(problem)))) texts.push_back(to_text(p));
    return texts;
  }
  double memory_of(const std::string& problem) const final {
    return parts_.memory_needed(parts_.parse(keyed_text(problem)));
  }
  std::unique_ptr<examined_case> parsed(const std::string& problem) const final {
    const Problem p = parts_.parse(keyed_text(problem));
    check(p);
    return std::make_unique<typed_case>(*this, material<Problem>{"", p, {}});
  }
  std::unique_ptr<examined_case> generated(const std::string& problem, std::string_view regime,
                                           std::uint64_t seed) const final {
    material<Problem> m{"", parts_.parse(keyed_text(problem)), {}};
    m.inputs = draw_inputs(m.problem, regime, seed);
    check(m.problem, m.inputs);
    return std::make_unique<typed_case>(*this, std::move(m));
  }
  cases presented(const recorded_case& c, const case_spec& spec) const final {
    cases all;
    for (material<Problem>& one : from_record(c, spec))
      all.push_back(std::make_unique<typed_case>(*this, std::move(one)));
    return all;
  }

  function_parts<Problem> parts_;
};

}  // namespace plumbline
