// Cases of rms_norm, rotary and write_cache in files.
#include <cmath>

#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/row_agreement.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::mla {

namespace {

constexpr std::int64_t gap_behind_rows = 8;  // of NaN, where the case says nothing of it

template <class Problem>
material<Problem> taken(const recorded_case& c, Problem p) {
  material<Problem> m{"", p, empty_inputs(p)};
  generate::fill_unused(m.inputs, std::byte{0xff});
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

// What a case holds: outputs under their names, and both kinds of expectation.  `allowed`: how far two double
// evaluations of element i may differ.
template <class Problem>
external_judgement judge_one_output(const recorded_case& c, const material<Problem>& m,
                                    const std::vector<double>& truth,
                                    const std::function<double(std::size_t i)>& allowed) {
  const auto judge = [](const Problem& p, const tensor_set& inputs, const tensor_set& outputs) {
    return judge_outputs(p, inputs, outputs);
  };
  std::vector<external_judgement> found;
  if (c.tensors.has("out") || c.tensors.has("expected_out"))
    found.push_back(judge_held(c, m, make_outputs(m.problem), judge));
  if (c.tensors.has("expected_output")) {
    tensor_set outputs = make_outputs(m.problem);
    outputs.at("out") = laid_out(c, "expected_output", outputs.at("out"));
    found.push_back(as_outputs(c, judge(m.problem, m.inputs, outputs)));
    found.back().kind = "expected";
  }
  if (const tensor* theirs = c.tensors.find("expected_output_float64")) {
    const tensor_set like = make_outputs(m.problem);
    require_shape("expected_output_float64", theirs, like.at("out").shape());
    const std::vector<double> values = theirs->values();
    disagreement differ;
    for (std::size_t i = 0; i < values.size(); ++i)
      differ.look(values[i], truth[i], allowed(i), "element " + std::to_string(i));
    found.push_back(differ.conclude(c));
  }
  return worst(c, found);
}

constexpr std::string_view norm_tensors[] = {
    "x", "weight", "out", "expected_out", "expected_output", "expected_output_float64"};
constexpr std::string_view rotary_tensors[] = {
    "x", "cos", "sin", "out", "expected_out", "expected_output", "expected_output_float64"};
constexpr std::string_view write_tensors[] = {"kv_c",    "k_pe",        "slot_mapping",
                                              "k_cache", "out_k_cache", "expected_k_cache"};

}  // namespace

std::map<std::string, std::string> options_of_problem(const rms_norm_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const rotary_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const write_cache_problem& p) {
  return options_from_text("mla", to_text(p));
}

material<rms_norm_problem> read_rms_norm(const recorded_case& c) {
  recorded_options options(c);
  const tensor &x = needed(c, "x", 2), &weight = needed(c, "weight", 1);
  rms_norm_problem p;
  p.type = x.type(), p.weight_type = weight.type();
  p.tokens = x.dim(0), p.dim = x.dim(1);
  p.eps = options.real("eps", p.eps);
  p.gap = options.integer("gap", gap_behind_rows);
  require_type(options, p.type);
  const std::pair<const char*, std::int64_t> said[] = {{"tokens", p.tokens}, {"dim", p.dim}};
  require_as_said(options, said);
  options.only_said({"weight_type"});
  options.require_known(norm_tensors);
  check(p);
  return taken(c, p);
}

material<rotary_problem> read_rotary(const recorded_case& c) {
  recorded_options options(c);
  const tensor &x = needed(c, "x", 4), &cos = needed(c, "cos", 2);
  rotary_problem p;
  p.type = x.type();
  p.b = x.dim(0), p.sq = x.dim(1), p.heads = x.dim(2), p.d = x.dim(3);
  p.rotary_rows = cos.dim(0);
  // A table of as many rows as there are tokens is the slice from start_pos on.
  const std::int64_t start = options.integer("start_pos", 0);
  p.start_pos = p.rotary_rows == p.sq ? 0 : start;
  p.gap = options.integer("gap", gap_behind_rows);
  require_type(options, p.type);
  const std::pair<const char*, std::int64_t> said[] = {{"b", p.b},
                                                       {"sq", p.sq},
                                                       {"heads", p.heads},
                                                       {"d", p.d},
                                                       {"qk_rope_head_dim", p.d},
                                                       {"rotary_rows", p.rotary_rows}};
  require_as_said(options, said);
  options.neutral("pairing", "interleaved (2i, 2i+1)");
  options.require_known(rotary_tensors);
  check(p);
  return taken(c, p);
}

material<write_cache_problem> read_write_cache(const recorded_case& c) {
  recorded_options options(c);
  const tensor &latent = needed(c, "kv_c", 2), &rotated = needed(c, "k_pe", 2),
               &cache = needed(c, "k_cache", 4);
  write_cache_problem p;
  p.type = latent.type();
  p.tokens = latent.dim(0), p.kv_lora_rank = latent.dim(1), p.qk_rope_head_dim = rotated.dim(1);
  p.num_pages = cache.dim(0), p.page_size = cache.dim(1);
  p.gap = options.integer("gap", gap_behind_rows);
  p.page_gap = options.integer("page_gap", 0);
  p.skip_percent = options.integer("skip_percent", 0);
  require_type(options, p.type);
  const std::pair<const char*, std::int64_t> said[] = {{"tokens", p.tokens},
                                                       {"kv_lora_rank", p.kv_lora_rank},
                                                       {"qk_rope_head_dim", p.qk_rope_head_dim},
                                                       {"num_pages", p.num_pages},
                                                       {"page_size", p.page_size}};
  require_as_said(options, said);
  options.require_known(write_tensors);
  check(p);
  return taken(c, p);
}

external_judgement judge_recorded_rms_norm(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_rms_norm(c);
    const std::vector<double> truth = rms_norm(m.problem, m.inputs);
    const double steps = static_cast<double>(m.problem.dim) + 8;
    return judge_one_output(c, m, truth,
                            [&](std::size_t i) { return steps * 0x1p-53 * std::fabs(truth[i]); });
  });
}

external_judgement judge_recorded_rotary(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_rotary(c);
    const rotary_truth truth = rotary(m.problem, m.inputs);
    return judge_one_output(c, m, truth.out, [&](std::size_t i) { return 0x1p-51 * truth.size[i]; });
  });
}

external_judgement judge_recorded_write_cache(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_write_cache(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem, m.inputs),
                      [](const write_cache_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return judge_outputs(p, inputs, outputs);
                      });
  });
}

}  // namespace plumbline::mla
