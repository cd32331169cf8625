// append as an operation.
#include "kernels/core/variants_of.hpp"
#include "properties/case_operation.hpp"
#include "properties/flash_decode/append_agreement.hpp"
#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/append_laws.hpp"
#include "properties/flash_decode/in_double.hpp"
#include "properties/flash_decode/operations.hpp"
#include "properties/flash_decode/problem_classes.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/flash_decode/shapes.hpp"
#include "properties/flash_decode/shrink.hpp"
#include "properties/generate/draws.hpp"

namespace plumbline::flash_decode {

namespace {

using problem = append_problem;

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::e4m3; }

constexpr function_parts<problem> parts = {.op = "flash_decode",
                                           .name = "append",
                                           .table = variants_of<problem>,
                                           .takes = takes,
                                           .regimes = generate::append_regimes,
                                           .laws = laws::append_laws,
                                           .classes = generate::append_classes,
                                           .smaller = generate::smaller,
                                           .parse = parse_append,
                                           .options_of_problem = options_of_problem,
                                           .memory_needed = memory_needed,
                                           .budgets = append_budgets,
                                           .meanings = append_meanings,
                                           .in_double = in_double};

class append_function final : public case_operation<problem> {
 public:
  append_function() : case_operation(parts) {}

  bool claims_group(std::string_view group) const override {
    return group == "append" || group == "kvcache" || group == "rotary";
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return judge_recorded_append(c, contract_name);
  }

 protected:
  dtype type_of(const problem& p) const override { return p.type; }
  std::string output_name(const std::string& name, const tensor_set&) const override { return "out_" + name; }
  std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const override {
    return generate::append_regimes[generate::draws(seed, index, "append regime").chance(50) ? 0 : 1];
  }
  problem draw_problem(const contract& promised, std::string_view, std::uint64_t seed,
                       std::uint64_t index) const override {
    return generate::draw_append(promised.in, seed, index);
  }
  tensor_set draw_inputs(problem& p, std::string_view regime, std::uint64_t seed) const override {
    return generate::draw_inputs(p, regime, seed);
  }
  material<problem> read_record(const recorded_case& c) const override {
    recorded_options options(c);
    recorded_append r = read_append(c, options);
    return {"", std::move(r.problem), std::move(r.inputs)};
  }
  std::string not_runnable(const recorded_case& c) const override {
    if (c.function == "rotary") return "a rotation alone: judged, not run";
    return c.tensors.has("k_new") ? "" : "appends nothing";
  }
  judge_outputs judge_of(const material<problem>& m, case_result&) const override {
    return [&m](const contract&, const tensor_set& outputs) {
      return laws::judge_append(m.problem, m.inputs, outputs);
    };
  }
};

}  // namespace

const operation& append_operation() {
  static const append_function one;
  return one;
}

}  // namespace plumbline::flash_decode
