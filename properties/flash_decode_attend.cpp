// attend as an operation.
#include <algorithm>

#include "kernels/flash_decode/flash_decode.hpp"
#include "properties/case_operation.hpp"
#include "properties/flash_decode.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/generate/attend_inputs.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/shapes.hpp"
#include "properties/judge/vacuity.hpp"
#include "properties/laws/attend_agreement.hpp"
#include "properties/laws/attend_laws.hpp"

namespace plumbline::flash_decode {

namespace {

bool takes(dtype in) {
  attend_problem p;
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

class attend_function final : public case_operation<attend_problem> {
 public:
  std::string_view op() const override { return "flash_decode"; }
  std::string_view function() const override { return "attend"; }
  std::vector<variant_info> variants(side where) const override {
    return infos_of(attend_variants(where), takes);
  }
  std::vector<std::string> regimes() const override {
    return {generate::regime_names.begin(), generate::regime_names.end()};
  }
  std::vector<std::string> laws() const override { return law_names(laws::attend_laws()); }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    return generate::attend_floors();
  }

  case_spec draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const override {
    const generate::regime how = regime.empty() ? generate::draw_regime(seed, index) : regime_of(regime);
    return spec_of(variant, to_text(generate::draw_attend(in, how, seed, index)), generate::name_of(how),
                   generate::draws(seed, index, "inputs").short_seed());
  }

  bool claims_group(std::string_view group) const override {
    return group == "attend" || group == "attention" || group == "attention_sink" || group == "kvcache" ||
           is_table(group);
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return judge_recorded_attend(c, contract_name);
  }

 protected:
  std::span<const variant<attend_problem>> table(side where) const override { return attend_variants(where); }
  attend_problem parse(const keyed_text& text) const override { return parse_attend(text); }
  dtype type_of(const attend_problem& p) const override { return p.type; }
  std::map<std::string, std::string> options_of_problem(const attend_problem& p) const override {
    return flash_decode::options_of_problem(p);
  }
  material<attend_problem> generated(const case_spec& spec) const override {
    const generate::regime how = regime_of(spec.regime.empty() ? "normal" : spec.regime);
    material<attend_problem> m{"", parse_attend(keyed_text(spec.problem)), {}};
    m.inputs = generate::draw_inputs(m.problem, how, spec.seed);
    check(m.problem, m.inputs);
    return m;
  }
  std::vector<material<attend_problem>> from_record(const recorded_case& c,
                                                    const case_spec& spec) const override {
    std::vector<material<attend_problem>> all;
    for (presentation& one : presentations(c, spec)) {
      check(one.problem, one.inputs);
      all.push_back({std::move(one.text), std::move(one.problem), std::move(one.inputs)});
    }
    return all;
  }
  std::string not_runnable(const recorded_case& c) const override {
    return is_table(c.function) ? "a table of host functions: judged, not run" : "";
  }
  case_result examine_material(const material<attend_problem>& m, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    const stopwatch all;
    case_result result;
    result.case_text = spec.str();
    result.classes = generate::classes_of(m.problem);
    const auto judge = [&](const contract& promised, const tensor_set& outputs) {
      const stopwatch reference;
      const auto truth = laws::attend_truth(m.problem, m.inputs, promised);
      result.reference_seconds = reference.seconds();
      verdict v = laws::judge_attend(m.problem, truth, promised, outputs);
      if (v.result == outcome::pass) add_vacuity(v, probe_vacuity(truth, 0, promised));
      return v;
    };
    examine_stages<attend_problem>(m.problem, m.inputs,
                                   row_of(attend_variants(where.kernels()), spec.variant), spec, where, how,
                                   m.problem.type, judge, laws::attend_laws(), result);
    result.seconds = all.seconds();
    return result;
  }
};

}  // namespace

const operation& attend_operation() {
  static const attend_function one;
  return one;
}

}  // namespace plumbline::flash_decode
