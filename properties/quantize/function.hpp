// What the six functions of quantize are made of.
//
// They differ in tables only: how a problem is drawn and its inputs filled, how outputs are judged, which
// groups of a file of cases are theirs.  So one class implements the operation, and each function is a
// constant of it.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "properties/case_operation.hpp"
#include "properties/quantize/upstream.hpp"

namespace plumbline::quantize {

template <class Problem>
struct function_tables {
  function_parts<Problem> parts;
  std::string_view (*draw_regime)(std::uint64_t seed, std::uint64_t index);
  Problem (*draw)(const contract&, std::string_view regime, std::uint64_t seed, std::uint64_t index);
  tensor_set (*inputs)(const Problem&, std::string_view regime, std::uint64_t seed);
  dtype (*type_of)(const Problem&);
  verdict (*judge)(const Problem&, const contract&, const tensor_set& inputs, const tensor_set& outputs);
  std::span<const std::string_view> groups;  // of a file of cases
  external_judgement (*judge_recorded)(const recorded_case&, std::string_view contract_name);
  material<Problem> (*read)(const recorded_case&);
};

template <class Problem>
class quantize_function final : public case_operation<Problem> {
 public:
  explicit quantize_function(const function_tables<Problem>& tables)
      : case_operation<Problem>(tables.parts), tables_(tables) {}

  bool claims_group(std::string_view group) const override {
    const auto holds = [&](std::span<const std::string_view> all) {
      return std::find(all.begin(), all.end(), group) != all.end();
    };
    return holds(tables_.groups) || holds(upstream_groups(this->function()));
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return is_upstream(c) ? judge_upstream(c, contract_name) : tables_.judge_recorded(c, contract_name);
  }

 protected:
  using typename case_operation<Problem>::judge_outputs;

  dtype type_of(const Problem& p) const override { return tables_.type_of(p); }
  std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const override {
    return tables_.draw_regime(seed, index);
  }
  Problem draw_problem(const contract& promised, std::string_view regime, std::uint64_t seed,
                       std::uint64_t index) const override {
    return tables_.draw(promised, regime, seed, index);
  }
  tensor_set draw_inputs(Problem& p, std::string_view regime, std::uint64_t seed) const override {
    return tables_.inputs(p, regime, seed);
  }
  material<Problem> read_record(const recorded_case& c) const override { return tables_.read(c); }
  /// An upstream case is as many materials as it holds calls of this function; a text names one of them.
  std::vector<material<Problem>> from_record(const recorded_case& c, const case_spec& spec) const override {
    if (!is_upstream(c)) return case_operation<Problem>::from_record(c, spec);
    std::vector<material<Problem>> all;
    for (const recorded_case& call : calls_of(c)) {
      if (call.function != this->function()) continue;
      material<Problem> one = tables_.read(call);
      one.text = to_text(one.problem);
      check(one.problem, one.inputs);
      const bool known =
          std::any_of(all.begin(), all.end(), [&](const auto& m) { return m.text == one.text; });
      if (!known && (spec.problem.empty() || spec.problem == one.text)) all.push_back(std::move(one));
    }
    if (all.empty()) throw bad_argument("case", "the record holds no call of this text");
    return all;
  }
  std::string not_runnable(const recorded_case& c) const override {
    if (!is_upstream(c)) return "";
    for (const recorded_case& call : calls_of(c))
      if (call.function == this->function()) return "";
    return "the record holds no call of " + std::string(this->function());
  }
  judge_outputs judge_of(const material<Problem>& m, case_result&) const override {
    return [this, &m](const contract& promised, const tensor_set& outputs) {
      return tables_.judge(m.problem, promised, m.inputs, outputs);
    };
  }

 private:
  function_tables<Problem> tables_;
};

}  // namespace plumbline::quantize
