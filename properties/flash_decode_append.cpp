// append as an operation.
#include "kernels/flash_decode/flash_decode.hpp"
#include "properties/case_operation.hpp"
#include "properties/flash_decode.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/generate/append_inputs.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/shapes.hpp"
#include "properties/laws/append_agreement.hpp"
#include "properties/laws/append_laws.hpp"

namespace plumbline::flash_decode {

namespace {

bool takes(dtype in) { return in == dtype::bf16 || in == dtype::f16 || in == dtype::e4m3; }

class append_function final : public case_operation<append_problem> {
 public:
  std::string_view op() const override { return "flash_decode"; }
  std::string_view function() const override { return "append"; }
  std::vector<variant_info> variants(side where) const override {
    return infos_of(append_variants(where), takes);
  }
  std::vector<std::string> regimes() const override {
    return {generate::append_regimes.begin(), generate::append_regimes.end()};
  }
  std::vector<std::string> laws() const override { return law_names(laws::append_laws()); }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    return generate::append_floors();
  }

  case_spec draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const override {
    generate::draws draw(seed, index, "append regime");
    const std::string_view how = regime.empty() ? generate::append_regimes[draw.chance(50) ? 0 : 1] : regime;
    require_regime(how, generate::append_regimes);
    return spec_of(variant, to_text(generate::draw_append(in, seed, index)), how,
                   generate::draws(seed, index, "inputs").short_seed());
  }

  bool claims_group(std::string_view group) const override {
    return group == "append" || group == "kvcache" || group == "rotary";
  }
  external_judgement judge(const recorded_case& c, std::string_view contract_name) const override {
    return judge_recorded_append(c, contract_name);
  }

 protected:
  std::span<const variant<append_problem>> table(side where) const override { return append_variants(where); }
  append_problem parse(const keyed_text& text) const override { return parse_append(text); }
  dtype type_of(const append_problem& p) const override { return p.type; }
  std::map<std::string, std::string> options_of_problem(const append_problem& p) const override {
    return flash_decode::options_of_problem(p);
  }
  std::string output_name(const std::string& name) const override {
    return name == "q_rotated" ? "out_q_rotated" : "out_" + name;  // k_cache and v_cache are inputs too
  }
  material<append_problem> generated(const case_spec& spec) const override {
    const std::string_view how = spec.regime.empty() ? "normal" : std::string_view(spec.regime);
    require_regime(how, generate::append_regimes);
    material<append_problem> m{"", parse_append(keyed_text(spec.problem)), {}};
    m.inputs = generate::draw_inputs(m.problem, how, spec.seed);
    check(m.problem, m.inputs);
    return m;
  }
  std::vector<material<append_problem>> from_record(const recorded_case& c,
                                                    const case_spec& spec) const override {
    if (!spec.problem.empty())
      throw bad_argument("case", "a recorded append has one presentation, got \"" + spec.problem + "\"");
    recorded_options options(c);
    recorded_append r = read_append(c, options);
    check(r.problem, r.inputs);
    std::vector<material<append_problem>> all;
    all.push_back({"", std::move(r.problem), std::move(r.inputs)});
    return all;
  }
  std::string not_runnable(const recorded_case& c) const override {
    if (c.function == "rotary") return "a rotation alone: judged, not run";
    return c.tensors.has("k_new") ? "" : "appends nothing";
  }
  case_result examine_material(const material<append_problem>& m, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    const stopwatch all;
    case_result result;
    result.case_text = spec.str();
    result.classes = generate::classes_of(m.problem);
    const auto judge = [&](const contract&, const tensor_set& outputs) {
      return laws::judge_append(m.problem, m.inputs, outputs);
    };
    examine_stages<append_problem>(m.problem, m.inputs,
                                   row_of(append_variants(where.kernels()), spec.variant), spec, where, how,
                                   m.problem.type, judge, laws::append_laws(), result);
    result.seconds = all.seconds();
    return result;
  }
};

}  // namespace

const operation& append_operation() {
  static const append_function one;
  return one;
}

}  // namespace plumbline::flash_decode
