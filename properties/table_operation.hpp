// An operation made of a table: where functions differ in how they draw, fill, judge and read, and in nothing
// else.
//
// One class implements the operation, and each function is a constant of it.  An operator whose cases in
// files need more derives from it.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "properties/case_operation.hpp"
#include "properties/external_case.hpp"
#include "properties/recorded_contract.hpp"

namespace plumbline {

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
class table_operation : public case_operation<Problem> {
 public:
  explicit table_operation(const function_tables<Problem>& tables)
      : case_operation<Problem>(tables.parts), tables_(tables) {}

  bool claims_group(std::string_view group) const override {
    return std::find(tables_.groups.begin(), tables_.groups.end(), group) != tables_.groups.end();
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return guarded(c, [&] {
      if (!contract_name.empty() || c.options.count("contract") != 0)
        require_contract_for(c, contract_name, contracts_of(tables_.parts.table(side::host)),
                             tables_.type_of(tables_.read(c).problem));
      return tables_.judge_recorded(c, contract_name);
    });
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
  judge_outputs judge_of(const material<Problem>& m, case_result&) const override {
    return [this, &m](const contract& promised, const tensor_set& outputs) {
      return tables_.judge(m.problem, promised, m.inputs, outputs);
    };
  }

  const function_tables<Problem>& tables() const { return tables_; }

 private:
  function_tables<Problem> tables_;
};

}  // namespace plumbline
