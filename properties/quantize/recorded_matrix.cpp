// Cases of groups, weight_dequant and scatter in files.
#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/block_gemm_judge.hpp"
#include "properties/quantize/presentation.hpp"
#include "properties/quantize/recorded.hpp"
#include "properties/recorded_contract.hpp"
#include "reference/core/keyed_text.hpp"

#include <cmath>

namespace plumbline::quantize {

namespace {

constexpr std::string_view groups_keys[] = {"policy", "dtype",  "rows",     "k",          "group_rows",
                                            "group",  "layout", "scale_ub", "has_static", "gap"};
constexpr std::string_view weight_keys[] = {"code", "m", "n", "block", "out_type"};
constexpr std::string_view gemm_keys[] = {"code", "m", "n", "k", "block_n", "block_k", "out_type"};
constexpr std::string_view scatter_keys[] = {"dtype",      "stored", "tokens", "rows", "nope_width",
                                             "rope_width", "world",  "rank",   "gap"};

}  // namespace

std::map<std::string, std::string> options_of_problem(const groups_problem& p) {
  return options_from_text(to_text(p));
}
std::map<std::string, std::string> options_of_problem(const weight_dequant_problem& p) {
  return options_from_text(to_text(p));
}
std::map<std::string, std::string> options_of_problem(const block_gemm_problem& p) {
  return options_from_text(to_text(p));
}
std::map<std::string, std::string> options_of_problem(const scatter_problem& p) {
  return options_from_text(to_text(p));
}

material<groups_problem> read_groups(const recorded_case& c) {
  recorded_options options(c);
  material<groups_problem> m{"", parse_groups(keyed_text(text_from_options(c, options, groups_keys))), {}};
  const groups_problem& p = m.problem;
  m.inputs.set("x", laid_out(c, "x", generate::matrix_between_nan(p.type, p.rows, p.k, p.gap)));
  if (p.has_static) m.inputs.set("static_scale", laid_out(c, "static_scale", tensor(dtype::f32, {1})));
  options.require_known(m.inputs, make_outputs(m.problem));
  return m;
}

material<weight_dequant_problem> read_weight_dequant(const recorded_case& c) {
  recorded_options options(c);
  material<weight_dequant_problem> m{
      "", parse_weight_dequant(keyed_text(text_from_options(c, options, weight_keys))), {}};
  const weight_dequant_problem& p = m.problem;
  m.inputs.set("weight", laid_out(c, "weight", tensor(p.code, {p.m, p.n})));
  const std::int64_t down = (p.m + p.block - 1) / p.block, across = (p.n + p.block - 1) / p.block;
  m.inputs.set("scale", laid_out(c, "scale", tensor(dtype::f32, {down, across})));
  options.require_known(m.inputs, make_outputs(m.problem));
  return m;
}

material<block_gemm_problem> read_block_gemm(const recorded_case& c) {
  recorded_options options(c);
  material<block_gemm_problem> m{
      "", parse_block_gemm(keyed_text(text_from_options(c, options, gemm_keys))), {}};
  const block_gemm_problem& p = m.problem;
  options.word("scale_product", "");
  const std::int64_t blocks = (p.k + p.block_k - 1) / p.block_k, across = (p.n + p.block_n - 1) / p.block_n;
  m.inputs.set("a", laid_out(c, "a", tensor(p.code, {p.m, p.k})));
  m.inputs.set("b", laid_out(c, "b", tensor(p.code, {p.n, p.k})));
  m.inputs.set("a_scale", laid_out(c, "a_scale", tensor(dtype::f32, {p.m, blocks})));
  m.inputs.set("b_scale", laid_out(c, "b_scale", tensor(dtype::f32, {across, blocks})));
  options.require_known(m.inputs, make_outputs(m.problem));
  return m;
}

material<scatter_problem> read_scatter(const recorded_case& c) {
  recorded_options options(c);
  material<scatter_problem> m{"", parse_scatter(keyed_text(text_from_options(c, options, scatter_keys))), {}};
  const scatter_problem& p = m.problem;
  m.inputs.set("nope",
               laid_out(c, "nope", generate::matrix_between_nan(p.type, p.tokens, p.nope_width, p.gap)));
  m.inputs.set("rope",
               laid_out(c, "rope", generate::matrix_between_nan(p.type, p.tokens, p.rope_width, p.gap)));
  m.inputs.set("loc", laid_out(c, "loc", tensor(dtype::i32, {p.tokens})));
  m.inputs.set("buffer", laid_out(c, "buffer", tensor(p.stored, {p.rows, p.nope_width + p.rope_width})));
  options.require_known(m.inputs, make_outputs(m.problem, m.inputs));
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

// Somebody's truth is held against ours within what its own type lets it differ; `scale_product` f32 says
// that it formed the products of scales in fp32.  Outputs are a kernel's.
external_judgement judge_recorded_block_gemm(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    const auto m = read_block_gemm(c);
    const block_gemm_problem& p = m.problem;
    check(p, m.inputs);
    const block_gemm_truth truth = block_gemm(p, m.inputs);
    std::vector<external_judgement> found;
    if (const tensor* expected = c.tensors.find("expected_out")) {
      if (expected->size() != p.m * p.n || expected->rank() != 2 || expected->dim(0) != p.m)
        throw bad_argument("expected_out", "expected the shape (m, n)");
      disagreement d;
      const std::vector<double> theirs = expected->values();
      const auto said = c.options.find("scale_product");
      const bool rounded = said != c.options.end() && said->second == "f32";
      const double sums = static_cast<double>(p.k + truth.blocks + 1) * unit_roundoff(dtype::f64) +
                          (rounded ? unit_roundoff(dtype::f32) : 0);
      const double u = unit_roundoff(expected->type());
      for (std::int64_t i = 0; i < p.m * p.n; ++i) {
        const auto at = static_cast<std::size_t>(i);
        d.look(theirs[at], truth.out[at], sums * truth.s1[at] + u * std::fabs(truth.out[at]),
               "row " + std::to_string(i / p.n) + ", column " + std::to_string(i % p.n));
      }
      found.push_back(d.conclude(c));
    }
    if (c.tensors.has("out")) {
      const auto promised = contract_of(
          c, contract_name, contracts_of(variants_of<block_gemm_problem>(side::host)), p.code, p.out_type);
      if (!promised)
        throw bad_argument("contract",
                           "expected outputs with the option contract, or --contract, got neither");
      const tensor out = laid_out(c, "out", tensor(p.out_type, {p.m, p.n}));
      const verdict v = judge_block_gemm(p, truth, *promised, out);
      found.push_back(as_outputs(c, mistrusted_without_budget(v, m.inputs)));
    }
    return worst(c, found);
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
