// combine as an operation.  Its inputs are always f32; the output type belongs to the problem.
#include "kernels/flash_decode/flash_decode.hpp"
#include "properties/case_operation.hpp"
#include "properties/flash_decode.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/generate/combine_inputs.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/shapes.hpp"
#include "properties/laws/combine_agreement.hpp"
#include "properties/laws/combine_laws.hpp"

namespace plumbline::flash_decode {

namespace {

bool takes(dtype in) { return in == dtype::f32; }

class combine_function final : public case_operation<combine_problem> {
 public:
  std::string_view op() const override { return "flash_decode"; }
  std::string_view function() const override { return "combine"; }
  std::vector<variant_info> variants(side where) const override {
    return infos_of(combine_variants(where), takes);
  }
  std::vector<std::string> regimes() const override {
    return {generate::combine_regimes.begin(), generate::combine_regimes.end()};
  }
  std::vector<std::string> laws() const override { return law_names(laws::combine_laws()); }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    return generate::combine_floors();
  }

  case_spec draw(std::string_view variant, dtype, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const override {
    generate::draws draw(seed, index, "combine regime");
    const std::string_view how = regime.empty() ? generate::combine_regimes[static_cast<std::size_t>(
                                                      draw.between(0, generate::combine_regimes.size() - 1))]
                                                : regime;
    require_regime(how, generate::combine_regimes);
    constexpr dtype types[] = {dtype::f32, dtype::f32, dtype::bf16, dtype::f16};
    const dtype out = types[draw.between(0, 3)];
    return spec_of(variant, to_text(generate::draw_combine(out, seed, index)), how,
                   generate::draws(seed, index, "inputs").short_seed());
  }

  bool claims_group(std::string_view group) const override { return group == "combine"; }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return judge_recorded_combine(c, contract_name);
  }

 protected:
  std::span<const variant<combine_problem>> table(side where) const override {
    return combine_variants(where);
  }
  combine_problem parse(const keyed_text& text) const override { return parse_combine(text); }
  dtype type_of(const combine_problem&) const override { return dtype::f32; }
  std::map<std::string, std::string> options_of_problem(const combine_problem& p) const override {
    return flash_decode::options_of_problem(p);
  }
  material<combine_problem> generated(const case_spec& spec) const override {
    const std::string_view how = spec.regime.empty() ? "normal" : std::string_view(spec.regime);
    require_regime(how, generate::combine_regimes);
    material<combine_problem> m{"", parse_combine(keyed_text(spec.problem)), {}};
    m.inputs = generate::draw_inputs(m.problem, how, spec.seed);
    check(m.problem, m.inputs);
    return m;
  }
  std::vector<material<combine_problem>> from_record(const recorded_case& c,
                                                     const case_spec& spec) const override {
    if (!spec.problem.empty())
      throw bad_argument("case", "a recorded combine has one presentation, got \"" + spec.problem + "\"");
    recorded_options options(c);
    recorded_combine r = read_combine(c, options);
    check(r.problem, r.inputs);
    std::vector<material<combine_problem>> all;
    all.push_back({"", std::move(r.problem), std::move(r.inputs)});
    return all;
  }
  case_result examine_material(const material<combine_problem>& m, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    const stopwatch all;
    case_result result;
    result.case_text = spec.str();
    result.classes = generate::classes_of(m.problem);
    const auto judge = [&](const contract& promised, const tensor_set& outputs) {
      return laws::judge_combined(m.problem, laws::combine_truth_of(m.problem, m.inputs), promised, outputs);
    };
    examine_stages<combine_problem>(m.problem, m.inputs,
                                    row_of(combine_variants(where.kernels()), spec.variant), spec, where, how,
                                    dtype::f32, judge, laws::combine_laws(), result);
    result.seconds = all.seconds();
    return result;
  }
};

}  // namespace

const operation& combine_operation() {
  static const combine_function one;
  return one;
}

}  // namespace plumbline::flash_decode
