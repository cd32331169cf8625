#include "properties/case_flow.hpp"

#include "properties/generate/draws.hpp"
#include "properties/in_double.hpp"
#include "properties/judge/attention/stages.hpp"
#include "properties/recorded_source.hpp"
#include "properties/tap_tensors.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"

namespace plumbline {

namespace {

std::string_view regime_said(const case_spec& spec) {
  return spec.regime.empty() ? "normal" : std::string_view(spec.regime);
}

case_result skipped(const case_spec& spec, std::string why) {
  case_result all;
  all.case_text = spec.str();
  all.result = outcome::skipped;
  all.skip_reason = std::move(why);
  return all;
}

void fold(case_result& all, case_result one) {
  if (one.result != outcome::skipped) all = worse(std::move(all), std::move(one));
}

// The call once more with its taps open: they change no bit, and most calls need none.
void add_stages(const examined_case& c, chosen_row how, std::size_t most_taps, case_result& result) {
  if (how.where.kernels() != side::host || !c.has_stages()) return;
  tap_record taps(most_taps);
  how.options.taps = &taps;
  const laws::attempt again = c.run(how);
  if (again.why_not) {
    result.no_stages = "the kernel did not complete with its taps open: " + again.why_not->message;
    return;
  }
  taps.sort();
  result.stages = c.stages(how.promised, taps, again.outputs);
  result.no_stages = why_no_stages(taps);
}

constexpr std::string_view stage_law = "stages_keep_their_budgets";
constexpr std::int64_t stage_turn = 4;  // one case in so many pays for a second run

// An output may forgive what a stage does not: the law asks also of cases that agree with the truth.
bool stages_due(const chosen_row& run, const examine_options& how) {
  if (run.where.kernels() != side::host) return false;
  return how.all_laws || (how.laws && random_stream(run.seed, stage_law).integer(0, stage_turn - 1) == 0);
}

law_result law_of_stages(const case_result& result) {
  law_result law{std::string(stage_law), outcome::pass, ""};
  if (result.stages.empty()) law.result = outcome::skipped, law.message = result.no_stages;
  const stage_verdict* first = first_outside(result.stages);
  if (first != nullptr) law.result = outcome::fail, law.message = first->stage + ": " + first->judged.message;
  return law;
}

void run_and_judge(const examined_case& c, const chosen_row& how_run, const examine_options& how,
                   case_result& result) {
  laws::attempt first;
  try {
    first = c.run(how_run);
  } catch (const laws::outside_domain& why) {
    result.skip_reason = why.reason;
    result.result = outcome::skipped;
    return;
  }
  if (first.why_not) return add_fault(result, *first.why_not);
  result.digest = digest_of(first.outputs);
  add_verdict(result, c.judge(how_run.promised, first.outputs, result));
  const bool failed = result.judged.result == outcome::fail, law_due = !failed && stages_due(how_run, how);
  if (how.stages == stages_wanted::always || (how.stages == stages_wanted::on_failure && failed) ||
      (law_due && c.has_stages()))
    add_stages(c, how_run, how.most_taps, result);
  if (law_due && c.has_stages()) add_law(result, law_of_stages(result));
  if (!how.laws && !how.all_laws) return;
  for (law_result& one : c.check_laws(how_run, first.outputs, how.all_laws)) add_law(result, std::move(one));
}

}  // namespace

const contract* table_row::contract_for(dtype in) const {
  for (const contract& c : contracts)
    if (c.in == in) return &c;
  return nullptr;
}

void require_regime(std::string_view name, std::span<const std::string_view> known) {
  std::string list;
  for (std::string_view one : known) {
    if (one == name) return;
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  throw bad_argument("regime", "expected one of " + list + ", got \"" + std::string(name) + "\"");
}

void case_flow::require_one_presentation(const case_spec& spec) const {
  if (!spec.problem.empty())
    throw bad_argument("case", "a recorded " + std::string(function()) + " has one presentation, got \"" +
                                   spec.problem + "\"");
}

std::size_t case_flow::row_of(side where, std::string_view variant) const {
  const std::vector<table_row> all = rows(where);
  std::string known;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == variant) return i;
    known += (known.empty() ? "" : ", ") + std::string(all[i].name);
  }
  throw bad_argument("variant", "expected one of " + (known.empty() ? "(none built in)" : known) +
                                    ", got \"" + std::string(variant) + "\"");
}

std::vector<variant_info> case_flow::variants(side where) const {
  std::vector<variant_info> infos;
  for (const table_row& row : rows(where)) {
    variant_info info{std::string(row.name), {}, row.claims};
    for (const contract& c : row.contracts)
      if (takes(c.in)) info.contracts.push_back(c);
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<std::string> case_flow::regimes() const {
  const auto names = regime_names();
  return {names.begin(), names.end()};
}

std::vector<std::string> case_flow::laws() const {
  std::vector<std::string> names = {"completes", "touches_nothing_else", "agrees_with_truth"};
  if (has_stages()) names.emplace_back(stage_law);
  for (std::string_view one : law_names()) names.emplace_back(one);
  return names;
}

double case_flow::memory_needed(const case_spec& spec) const {
  return spec.recorded.empty() ? memory_of(spec.problem) : 0;
}

case_spec case_flow::draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                          std::string_view regime) const {
  const contract* promised = rows(side::host)[row_of(side::host, variant)].contract_for(in);
  if (promised == nullptr)
    throw bad_argument(
        "dtype", "expected one that " + std::string(variant) + " takes, got " + std::string(name_of(in)));
  const std::string_view how = regime.empty() ? draw_regime(seed, index) : regime;
  require_regime(how, regime_names());
  case_spec spec;
  spec.op = op();
  spec.function = function();
  spec.variant = variant;
  spec.problem = draw_text(*promised, how, seed, index);
  spec.regime = how;
  spec.seed = generate::draws(seed, index, "inputs").short_seed();
  return spec;
}

std::vector<case_spec> case_flow::smaller(const case_spec& failing) const {
  std::vector<case_spec> all;
  if (!failing.recorded.empty()) return all;
  for (std::string& text : smaller_texts(failing.problem)) {
    all.push_back(failing);
    all.back().problem = std::move(text);
  }
  return all;
}

std::unique_ptr<examined_case> case_flow::generated_of(const case_spec& spec) const {
  const std::string_view how = regime_said(spec);
  require_regime(how, regime_names());
  return generated(spec.problem, how, spec.seed);
}

// A problem that the variant does not take is skipped before inputs are made for it in vain.
case_result case_flow::refusal_of(const case_spec& spec, const executor& where) const {
  require_regime(regime_said(spec), regime_names());
  const std::unique_ptr<examined_case> c = parsed(spec.problem);
  std::string why = c->outside(where.kernels(), row_of(where.kernels(), spec.variant));
  case_result result;
  if (why.empty()) return result;
  result = skipped(spec, std::move(why));
  result.classes = c->classes();
  return result;
}

case_result case_flow::examine(const case_spec& spec, executor& where, const examine_options& how) const {
  if (!spec.recorded.empty()) return examine_recorded(load_recorded(spec.recorded), spec, where, how);
  if (!spec.variant.empty()) {
    case_result refused = refusal_of(spec, where);
    if (refused.result == outcome::skipped) return refused;
    return examine_case(*generated_of(spec), spec, where, how);
  }
  case_result all = skipped(spec, "no variant takes the problem");
  const std::unique_ptr<examined_case> c = generated_of(spec);
  for (const table_row& row : rows(where.kernels())) {
    case_spec named = spec;
    named.variant = row.name;
    fold(all, examine_case(*c, named, where, how));
  }
  return all;
}

case_result case_flow::examine_recorded(const recorded_case& c, const case_spec& spec, executor& where,
                                        const examine_options& how) const {
  case_result all = skipped(spec, "no variant takes the problem");
  case_spec named = spec;
  if (spec.variant.empty()) {
    for (const table_row& row : rows(where.kernels())) {
      named.variant = row.name;
      fold(all, examine_recorded(c, named, where, how));
    }
    return all;
  }
  if (all.skip_reason = not_runnable(c); !all.skip_reason.empty()) return all;
  bool first = true;
  for (const auto& one : presented(c, spec)) {
    named.problem = one->text();
    case_result result =
        examine_case(*one, named, where, first ? how : examine_options{false, false, how.stages});
    all = first ? std::move(result) : worse(std::move(all), std::move(result));
    first = false;
  }
  return all;
}

case_result case_flow::examine_case(const examined_case& c, const case_spec& spec, executor& where,
                                    const examine_options& how) const {
  const stopwatch all;
  const std::size_t row = row_of(where.kernels(), spec.variant);
  const contract* promised = rows(where.kernels())[row].contract_for(c.type());
  std::string why = promised == nullptr ? "does not take " + std::string(name_of(c.type()))
                                        : c.outside(where.kernels(), row);
  case_result result;
  result.case_text = spec.str();
  result.classes = c.classes();
  if (why.empty()) {
    run_and_judge(c, {row, *promised, where, options_of(spec), spec.seed}, how, result);
  } else {
    result.result = outcome::skipped;
    result.skip_reason = std::move(why);
  }
  result.seconds = all.seconds();
  return result;
}

std::vector<stage_verdict> case_flow::stages_of(const recorded_case& c) const {
  const auto named = c.options.find("contract");
  if (c.taps.size() == 0 || named == c.options.end()) return {};
  const cases all = presented(c, case_spec{});
  const examined_case& one = *all.front();
  tap_record taps;
  read_taps(c.taps, taps);
  for (const table_row& row : rows(side::host))
    if (const contract* promised = row.contract_for(one.type()); promised && promised->name == named->second)
      return one.stages(*promised, taps, c.tensors);
  return {};
}

recorded_case case_flow::record(const case_spec& spec, executor* where, bool taps) const {
  cases all;
  if (spec.recorded.empty())
    all.push_back(generated_of(spec));
  else
    all = presented(load_recorded(spec.recorded), spec);
  const examined_case& one = *all.front();
  recorded_case c;
  c.function = group();
  c.options = one.options();
  c.options["case"] = spec.str();
  c.tensors = one.inputs();
  if (where == nullptr || spec.variant.empty()) return c;
  const std::size_t row = row_of(where->kernels(), spec.variant);
  const contract* promised = rows(where->kernels())[row].contract_for(one.type());
  if (promised == nullptr || !one.outside(where->kernels(), row).empty()) return c;
  c.options["contract"] = promised->name;
  tap_record shown;
  chosen_row how{row, *promised, *where, options_of(spec), spec.seed};
  if (taps) how.options.taps = &shown;
  laws::attempt run = one.run(how);
  if (run.why_not) return c;
  shown.sort();
  c.taps = tensors_of(shown);
  for (auto& e : run.outputs) c.tensors.set(output_name(e.name, one.inputs()), std::move(e.value));
  return c;
}

std::vector<double_result> case_flow::in_double(const recorded_case& c) const {
  const auto said = c.options.find("contract");
  const std::string_view wanted = said == c.options.end() ? std::string_view{} : said->second;
  const cases all = presented(c, {});
  const contract* promised = nullptr;
  for (const table_row& row : rows(side::host))
    for (const contract& one : row.contracts)
      if (one.in == all.front()->type() && (promised == nullptr || one.name == wanted)) promised = &one;
  return promised == nullptr ? std::vector<double_result>{} : all.front()->in_double(*promised);
}

}  // namespace plumbline
