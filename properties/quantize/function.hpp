// The functions of quantize: tables, and cases that upstream's quantizers recorded in their own terms.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "properties/quantize/upstream.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::quantize {

template <class Problem>
class quantize_function final : public table_operation<Problem> {
 public:
  using table_operation<Problem>::table_operation;

  bool claims_group(std::string_view group) const override {
    const auto upstream = upstream_groups(this->function());
    return table_operation<Problem>::claims_group(group) ||
           std::find(upstream.begin(), upstream.end(), group) != upstream.end();
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return is_upstream(c) ? judge_upstream(c, contract_name)
                          : table_operation<Problem>::judge(c, contract_name);
  }

 protected:
  /// An upstream case is as many materials as it holds calls of this function; a text names one of them.
  std::vector<material<Problem>> from_record(const recorded_case& c, const case_spec& spec) const override {
    if (!is_upstream(c)) return case_operation<Problem>::from_record(c, spec);
    std::vector<material<Problem>> all;
    for (const recorded_case& call : calls_of(c)) {
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
    if (!is_upstream(c)) return "";
    for (const recorded_case& call : calls_of(c))
      if (call.function == this->function()) return "";
    return "the record holds no call of " + std::string(this->function());
  }
};

}  // namespace plumbline::quantize
