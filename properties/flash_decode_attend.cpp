// attend as an operation: draw, run, judge, laws, record.
#include <algorithm>

#include "kernels/flash_decode/flash_decode.hpp"
#include "properties/examination.hpp"
#include "properties/flash_decode.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/generate/attend_inputs.hpp"
#include "properties/generate/coverage.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/shapes.hpp"
#include "properties/generate/shrink.hpp"
#include "properties/judge/vacuity.hpp"
#include "properties/laws/attend_agreement.hpp"
#include "properties/laws/attend_laws.hpp"
#include "properties/recorded_source.hpp"
#include "reference/core/keyed_text.hpp"

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
  if (const auto r = generate::regime_from(name)) return *r;
  std::string known;
  for (std::string_view one : generate::regime_names) known += (known.empty() ? "" : ", ") + std::string(one);
  throw bad_argument("regime", "expected one of " + known + ", got \"" + std::string(name) + "\"");
}

// A problem and its inputs, generated or recorded.
struct material {
  attend_problem problem;
  tensor_set inputs;
};

case_result examine_material(const material& m, const case_spec& spec, executor& where,
                             const examine_options& how) {
  const stopwatch all;
  case_result result;
  result.case_text = spec.str();
  result.classes = generate::classes_of(m.problem);
  const auto& row = row_of(attend_variants(where.kernels()), spec.variant);
  const auto judge = [&](const contract& promised, const tensor_set& outputs) {
    const stopwatch reference;
    const auto truth = laws::attend_truth(m.problem, m.inputs, promised);
    result.reference_seconds = reference.seconds();
    verdict v = laws::judge_attend(m.problem, truth, promised, outputs);
    if (v.result == outcome::pass) add_vacuity(v, probe_vacuity(truth, 0, promised));
    return v;
  };
  examine_stages<attend_problem>(m.problem, m.inputs, row, spec, where, how, m.problem.type, judge,
                                 laws::attend_laws(), result);
  result.seconds = all.seconds();
  return result;
}

class attend_function final : public operation {
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
    case_spec spec = empty_spec();
    spec.variant = variant;
    spec.problem = to_text(generate::draw_attend(in, how, seed, index));
    spec.regime = generate::name_of(how);
    spec.seed = generate::draws(seed, index, "inputs").bits() % 1'000'000'000;
    return spec;
  }

  std::vector<case_spec> smaller(const case_spec& failing) const override {
    std::vector<case_spec> all;
    if (!failing.recorded.empty()) return all;
    for (const attend_problem& p : generate::children(parse_attend(keyed_text(failing.problem)))) {
      all.push_back(failing);
      all.back().problem = to_text(p);
    }
    return all;
  }

  case_result examine(const case_spec& spec, executor& where, const examine_options& how) const override {
    if (!spec.recorded.empty()) return examine_recorded(load_recorded(spec.recorded), spec, where, how);
    if (spec.variant.empty()) return examine_every_variant(spec, where, how);
    return examine_material(generated(spec), spec, where, how);
  }

  recorded_case record(const case_spec& spec, executor* where) const override {
    const material m =
        spec.recorded.empty() ? generated(spec) : first_presentation(load_recorded(spec.recorded), spec);
    recorded_case c;
    c.function = "attend";
    c.options = options_of_problem(m.problem);
    c.options["case"] = spec.str();
    c.tensors = m.inputs;
    if (where == nullptr) return c;
    const auto& row = row_of(attend_variants(where->kernels()), spec.variant);
    const contract* promised = row.contract_for(m.problem.type);
    if (promised == nullptr || !row.domain(m.problem).empty()) return c;
    c.options["contract"] = promised->name;
    const tensor_set none;
    const laws::attend_subject subject{
        m.problem, m.inputs, none, row, *promised, *where, plumbline::options_of(spec), spec.seed};
    laws::attempt run = subject.run(m.problem, m.inputs);
    if (run.why_not) return c;
    for (auto& e : run.outputs) c.tensors.set(e.name, std::move(e.value));
    return c;
  }

  bool claims_group(std::string_view group) const override {
    return group == "attend" || group == "attention" || group == "attention_sink";
  }
  external_judgement judge(const recorded_case& c, std::string_view) const override {
    if (is_table(c.function)) return judge_recorded_table(c);
    return {c.function + "/" + c.name, "unsupported", outcome::skipped, 0,
            "cases from files are not judged yet"};
  }
  case_result examine_recorded(const recorded_case& c, const case_spec& spec, executor& where,
                               const examine_options& how) const override {
    case_result all;
    bool first = true;
    for (const presentation& one : presentations(c, spec)) {
      case_spec named = spec;
      named.problem = one.text;
      case_result result = examine_material({one.problem, one.inputs}, named, where,
                                            first ? how : examine_options{false, false});
      all = first ? std::move(result) : worse(std::move(all), std::move(result));
      first = false;
    }
    return all;
  }

 private:
  case_spec empty_spec() const {
    case_spec spec;
    spec.op = op();
    spec.function = function();
    return spec;
  }
  static material generated(const case_spec& spec) {
    material m{parse_attend(keyed_text(spec.problem)), {}};
    m.inputs =
        generate::draw_inputs(m.problem, regime_of(spec.regime.empty() ? "normal" : spec.regime), spec.seed);
    check(m.problem, m.inputs);
    return m;
  }
  static material first_presentation(const recorded_case& c, const case_spec& spec) {
    auto all = presentations(c, spec);
    return {all.front().problem, std::move(all.front().inputs)};
  }
  case_result examine_every_variant(const case_spec& spec, executor& where,
                                    const examine_options& how) const {
    case_result all;
    all.case_text = spec.str();
    all.result = outcome::skipped;
    all.skip_reason = "no variant takes the problem";
    for (const auto& row : attend_variants(where.kernels())) {
      case_spec named = spec;
      named.variant = row.name;
      case_result result = examine(named, where, how);
      if (result.result != outcome::skipped) all = worse(std::move(all), std::move(result));
    }
    return all;
  }
};

}  // namespace

const operation& attend_operation() {
  static const attend_function one;
  return one;
}

}  // namespace plumbline::flash_decode
