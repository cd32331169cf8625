#include "properties/flash_decode/attend_function.hpp"

#include "kernels/core/variants_of.hpp"
#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/flash_decode/in_double.hpp"
#include "properties/flash_decode/operations.hpp"
#include "properties/flash_decode/problem_classes.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/flash_decode/shapes.hpp"
#include "properties/flash_decode/shrink.hpp"
#include "properties/judge/attention/vacuity.hpp"

namespace plumbline::flash_decode {

namespace {

using problem = attend_problem;

bool takes(dtype in) {
  problem p;
  p.type = in;
  p.out_type = in == dtype::e4m3 ? dtype::bf16 : in;
  p.cache_seqlens = {1};
  try {
    check(p);
  } catch (const bad_argument&) {
    return false;
  }
  return true;
}

generate::regime regime_of(std::string_view name) {
  require_regime(name, generate::regime_names);
  return *generate::regime_from(name);
}

constexpr function_parts<problem> parts = {.op = "flash_decode",
                                           .name = "attend",
                                           .table = variants_of<problem>,
                                           .takes = takes,
                                           .regimes = generate::regime_names,
                                           .laws = laws::attend_laws,
                                           .classes = generate::attend_classes,
                                           .smaller = generate::smaller,
                                           .parse = parse_attend,
                                           .options_of_problem = options_of_problem,
                                           .memory_needed = memory_needed,
                                           .budgets = attend_budgets,
                                           .meanings = attend_meanings,
                                           .in_double = in_double,
                                           .stages = laws::attend_stages};

}  // namespace

const function_parts<problem>& attend_parts() { return parts; }

bool attend_function::claims_group(std::string_view group) const {
  return group == "attend" || group == "attention" || group == "attention_sink" || group == "kvcache" ||
         is_table(group);
}

external_judgement attend_function::judge(const recorded_case& c, std::string_view contract_name) const {
  return judge_recorded_attend(c, contract_name);
}

std::string_view attend_function::draw_regime(std::uint64_t seed, std::uint64_t index) const {
  return generate::name_of(generate::draw_regime(seed, index));
}

problem attend_function::draw_problem(const contract& promised, std::string_view regime, std::uint64_t seed,
                                      std::uint64_t index) const {
  return generate::draw_attend(promised.in, promised.out_type, regime_of(regime), seed, index);
}

tensor_set attend_function::draw_inputs(problem& p, std::string_view regime, std::uint64_t seed) const {
  return generate::draw_inputs(p, regime_of(regime), seed);
}

material<problem> attend_function::read_record(const recorded_case& c) const {
  return std::move(from_record(c, {}).front());
}

std::vector<material<problem>> attend_function::from_record(const recorded_case& c,
                                                            const case_spec& spec) const {
  std::vector<material<problem>> all;
  for (presentation& one : presentations(c, spec)) {
    check(one.problem, one.inputs);
    all.push_back({std::move(one.text), std::move(one.problem), std::move(one.inputs)});
  }
  return all;
}

std::string attend_function::not_runnable(const recorded_case& c) const {
  return is_table(c.function) ? "a table of host functions: judged, not run" : "";
}

attend_function::judge_outputs attend_function::judge_of(const material<problem>& m,
                                                         case_result& result) const {
  return [&m, &result](const contract& promised, const tensor_set& outputs) {
    const stopwatch reference;
    const auto truth = laws::attend_truth(m.problem, m.inputs, promised);
    result.reference_seconds = reference.seconds();
    verdict v = laws::judge_attend(m.problem, truth, promised, outputs);
    if (v.result == outcome::pass) add_vacuity(v, probe_vacuity(truth, 0, promised));
    return v;
  };
}

const operation& attend_operation() {
  static const attend_function one(parts);
  return one;
}

}  // namespace plumbline::flash_decode
