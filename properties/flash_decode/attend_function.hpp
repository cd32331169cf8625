// attend as an operation: its parts, and how a case of it is drawn, read and judged.  With another table of
// variants in its parts it judges other code by the same laws.
#pragma once

#include <vector>

#include "properties/case_operation.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

const function_parts<attend_problem>& attend_parts();

class attend_function : public case_operation<attend_problem> {
 public:
  explicit attend_function(const function_parts<attend_problem>& parts) : case_operation(parts) {}

  bool claims_group(std::string_view group) const override;
  external_judgement judge(const recorded_case&, std::string_view contract_name) const override;

 protected:
  dtype type_of(const attend_problem& p) const override { return p.type; }
  std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const override;
  attend_problem draw_problem(const contract&, std::string_view regime, std::uint64_t seed,
                              std::uint64_t index) const override;
  tensor_set draw_inputs(attend_problem&, std::string_view regime, std::uint64_t seed) const override;
  material<attend_problem> read_record(const recorded_case&) const override;
  std::vector<material<attend_problem>> from_record(const recorded_case&, const case_spec&) const override;
  std::string not_runnable(const recorded_case&) const override;
  judge_outputs judge_of(const material<attend_problem>&, case_result&) const override;
};

}  // namespace plumbline::flash_decode
