// combine as an operation.  Its inputs are always f32; the output type belongs to the problem.
#include "kernels/core/variants_of.hpp"
#include "properties/case_operation.hpp"
#include "properties/flash_decode/combine_agreement.hpp"
#include "properties/flash_decode/combine_inputs.hpp"
#include "properties/flash_decode/combine_laws.hpp"
#include "properties/flash_decode/in_double.hpp"
#include "properties/flash_decode/operations.hpp"
#include "properties/flash_decode/problem_classes.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/flash_decode/shapes.hpp"
#include "properties/flash_decode/shrink.hpp"
#include "properties/generate/draws.hpp"

namespace plumbline::flash_decode {

namespace {

using problem = combine_problem;

bool takes(dtype in) { return in == dtype::f32; }

constexpr function_parts<problem> parts = {.op = "flash_decode",
                                           .name = "combine",
                                           .table = variants_of<problem>,
                                           .takes = takes,
                                           .regimes = generate::combine_regimes,
                                           .laws = laws::combine_laws,
                                           .classes = generate::combine_classes,
                                           .smaller = generate::smaller,
                                           .parse = parse_combine,
                                           .options_of_problem = options_of_problem,
                                           .memory_needed = memory_needed,
                                           .budgets = combine_budgets,
                                           .meanings = combine_meanings,
                                           .in_double = in_double};

class combine_function final : public case_operation<problem> {
 public:
  combine_function() : case_operation(parts) {}

  bool claims_group(std::string_view group) const override { return group == "combine"; }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return judge_recorded_combine(c, contract_name);
  }

 protected:
  dtype type_of(const problem&) const override { return dtype::f32; }
  std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const override {
    constexpr std::int64_t last = std::size(generate::combine_regimes) - 1;
    generate::draws draw(seed, index, "combine regime");
    return generate::combine_regimes[static_cast<std::size_t>(draw.between(0, last))];
  }
  problem draw_problem(const contract&, std::string_view, std::uint64_t seed,
                       std::uint64_t index) const override {
    constexpr dtype types[] = {dtype::f32, dtype::f32, dtype::bf16, dtype::f16};
    return generate::draw_combine(types[generate::draws(seed, index, "combine type").between(0, 3)], seed,
                                  index);
  }
  tensor_set draw_inputs(problem& p, std::string_view regime, std::uint64_t seed) const override {
    return generate::draw_inputs(p, regime, seed);
  }
  material<problem> read_record(const recorded_case& c) const override {
    recorded_options options(c);
    recorded_combine r = read_combine(c, options);
    return {"", std::move(r.problem), std::move(r.inputs)};
  }
  judge_outputs judge_of(const material<problem>& m, case_result&) const override {
    return [&m](const contract& promised, const tensor_set& outputs) {
      return laws::judge_combined(m.problem, laws::combine_truth_of(m.problem, m.inputs), promised, outputs);
    };
  }
};

}  // namespace

const operation& combine_operation() {
  static const combine_function one;
  return one;
}

}  // namespace plumbline::flash_decode
