#include "properties/quantize/recorded.hpp"

#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/presentation.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::string_view store_keys[] = {"policy",   "tokens", "dtype",    "layout",    "scale_type",
                                           "dv",       "tile",   "d",        "page_size", "num_pages",
                                           "page_gap", "hk",     "separate", "has_slots", "gap"};

constexpr std::string_view dequantize_keys[] = {"tokens",      "dtype", "layout",    "scale_type", "dv",
                                                "tile",        "d",     "page_size", "num_pages",  "page_gap",
                                                "has_indices", "extra", "out_type",  "gap"};

void take_cache(const recorded_case& c, const cache_shape& p, tensor_set& inputs) {
  for (const auto& one : make_cache(p)) inputs.set(one.name, laid_out(c, one.name, one.value));
}

}  // namespace

std::map<std::string, std::string> options_from_text(const std::string& text) {
  return plumbline::options_from_text("quantize", text);
}

std::map<std::string, std::string> options_of_problem(const store_problem& p) {
  return options_from_text(to_text(p));
}

material<store_problem> read_store(const recorded_case& c) {
  recorded_options options(c);
  material<store_problem> m{"", parse_store(keyed_text(text_from_options(c, options, store_keys))), {}};
  const store_problem& p = m.problem;
  const auto rows = [&](const char* name, std::int64_t width) {
    m.inputs.set(name, laid_out(c, name, generate::matrix_between_nan(p.type, p.tokens, width, p.gap)));
  };
  if (p.separate) {
    rows("k_nope", p.dv);
    rows("k_rope", p.d - p.dv);
  } else {
    rows("k", p.d);
  }
  if (p.has_slots) m.inputs.set("slots", laid_out(c, "slots", tensor(dtype::i32, {p.tokens})));
  take_cache(c, p, m.inputs);
  options.require_known(m.inputs, make_outputs(p, m.inputs));
  return m;
}

external_judgement judge_recorded_store(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_store(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem, m.inputs), judge_store);
  });
}

std::map<std::string, std::string> options_of_problem(const dequantize_problem& p) {
  return options_from_text(to_text(p));
}

material<dequantize_problem> read_dequantize(const recorded_case& c) {
  recorded_options options(c);
  material<dequantize_problem> m{
      "", parse_dequantize(keyed_text(text_from_options(c, options, dequantize_keys))), {}};
  take_cache(c, m.problem, m.inputs);
  if (m.problem.has_indices)
    m.inputs.set("indices", laid_out(c, "indices", tensor(dtype::i32, {m.problem.tokens})));
  options.require_known(m.inputs, make_outputs(m.problem));
  return m;
}

external_judgement judge_recorded_dequantize(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_dequantize(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem), judge_dequantize);
  });
}

}  // namespace plumbline::quantize
