// Cases of groups, weight_dequant and scatter in files.
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/presentation.hpp"
#include "properties/quantize/recorded.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::string_view groups_keys[] = {"policy", "dtype",  "rows",     "k",          "group_rows",
                                            "group",  "layout", "scale_ub", "has_static", "gap"};
constexpr std::string_view weight_keys[] = {"code", "m", "n", "block", "out_type"};
constexpr std::string_view scatter_keys[] = {"dtype",      "stored", "tokens", "rows", "nope_width",
                                             "rope_width", "world",  "rank",   "gap"};

}  // namespace

std::map<std::string, std::string> options_of_problem(const groups_problem& p) {
  return options_from_text(to_text(p));
}
std::map<std::string, std::string> options_of_problem(const weight_dequant_problem& p) {
  return options_from_text(to_text(p));
}
std::map<std::string, std::string> options_of_problem(const scatter_problem& p) {
  return options_from_text(to_text(p));
}

material<groups_problem> read_groups(const recorded_case& c) {
  recorded_options options(c);
  material<groups_problem> m{"", parse_groups(keyed_text(text_from_options(c, options, groups_keys))), {}};
  const groups_problem& p = m.problem;
  constexpr std::string_view known[] = {"x",      "static_scale",   "codes",
                                        "scales", "expected_codes", "expected_scales"};
  options.require_known(known);
  m.inputs.set("x", laid_out(c, "x", generate::matrix_between_nan(p.type, p.rows, p.k, p.gap)));
  if (p.has_static) m.inputs.set("static_scale", laid_out(c, "static_scale", tensor(dtype::f32, {1})));
  return m;
}

material<weight_dequant_problem> read_weight_dequant(const recorded_case& c) {
  recorded_options options(c);
  material<weight_dequant_problem> m{
      "", parse_weight_dequant(keyed_text(text_from_options(c, options, weight_keys))), {}};
  const weight_dequant_problem& p = m.problem;
  constexpr std::string_view known[] = {"weight", "scale", "out", "expected_out"};
  options.require_known(known);
  m.inputs.set("weight", laid_out(c, "weight", tensor(p.code, {p.m, p.n})));
  const std::int64_t down = (p.m + p.block - 1) / p.block, across = (p.n + p.block - 1) / p.block;
  m.inputs.set("scale", laid_out(c, "scale", tensor(dtype::f32, {down, across})));
  return m;
}

material<scatter_problem> read_scatter(const recorded_case& c) {
  recorded_options options(c);
  material<scatter_problem> m{"", parse_scatter(keyed_text(text_from_options(c, options, scatter_keys))), {}};
  const scatter_problem& p = m.problem;
  constexpr std::string_view known[] = {"nope", "rope", "loc", "buffer", "out_buffer", "expected_buffer"};
  options.require_known(known);
  m.inputs.set("nope",
               laid_out(c, "nope", generate::matrix_between_nan(p.type, p.tokens, p.nope_width, p.gap)));
  m.inputs.set("rope",
               laid_out(c, "rope", generate::matrix_between_nan(p.type, p.tokens, p.rope_width, p.gap)));
  m.inputs.set("loc", laid_out(c, "loc", tensor(dtype::i32, {p.tokens})));
  m.inputs.set("buffer", laid_out(c, "buffer", tensor(p.stored, {p.rows, p.nope_width + p.rope_width})));
  return m;
}

external_judgement judge_recorded_groups(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_groups(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem), judge_groups);
  });
}

external_judgement judge_recorded_weight_dequant(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_weight_dequant(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem), judge_weight_dequant);
  });
}

external_judgement judge_recorded_scatter(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_scatter(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem, m.inputs), judge_scatter);
  });
}

}  // namespace plumbline::quantize
