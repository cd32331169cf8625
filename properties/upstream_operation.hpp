// An operation that also reads cases under the names and in the terms of the projects that made them.
//
// A recorded group of an upstream function holds one input and what came out of it.  It becomes calls of ours
// (upstream_source.hpp); those of this function are run like any other record, and all that the case holds is
// judged.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "properties/table_operation.hpp"

namespace plumbline {

/// What an operator knows of upstream's terms.
struct upstream_terms {
  std::span<const std::string_view> (*groups)(std::string_view function);  // that hold calls of a function
  bool (*holds)(const recorded_case&);                                     // true: in upstream's terms
  std::vector<recorded_case> (*calls_of)(const recorded_case&);            // in ours; none: nothing to run
  external_judgement (*judge)(const recorded_case&, std::string_view contract_name);
};

template <class Problem>
class upstream_operation : public table_operation<Problem> {
 public:
  upstream_operation(const function_tables<Problem>& tables, const upstream_terms& terms)
      : table_operation<Problem>(tables), terms_(terms) {}

  bool claims_group(std::string_view group) const override {
    const auto theirs = terms_.groups(this->function());
    return table_operation<Problem>::claims_group(group) ||
           std::find(theirs.begin(), theirs.end(), group) != theirs.end();
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return terms_.holds(c) ? terms_.judge(c, contract_name)
                           : table_operation<Problem>::judge(c, contract_name);
  }

 protected:
  /// An upstream case is as many materials as it holds calls of this function; a text names one of them.
  std::vector<material<Problem>> from_record(const recorded_case& c, const case_spec& spec) const override {
    if (!terms_.holds(c)) return case_operation<Problem>::from_record(c, spec);
    std::vector<material<Problem>> all;
    for (const recorded_case& call : terms_.calls_of(c)) {
      if (call.function != this->function()) continue;
      material<Problem> one = this->tables().read(call);
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
    if (!terms_.holds(c)) return "";
    for (const recorded_case& call : terms_.calls_of(c))
      if (call.function == this->function()) return "";
    return "the record holds no call of " + std::string(this->function());
  }

 private:
  const upstream_terms& terms_;
};

}  // namespace plumbline
