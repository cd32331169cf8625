#include "properties/quantize/matrix_inputs.hpp"

#include <algorithm>
#include <numeric>

#include "properties/generate/draws.hpp"
#include "properties/quantize/code_classes.hpp"
#include "properties/quantize/element_classes.hpp"
#include "properties/quantize/presentation.hpp"

namespace plumbline::generate {

using quantize::groups_problem;
using quantize::scatter_problem;
using quantize::weight_dequant_problem;

namespace {

tensor filled(const scatter_problem& p, std::int64_t width, std::string_view regime, random_stream draw) {
  tensor t = matrix_between_nan(p.type, p.tokens, width, p.gap);
  if (p.type != dtype::u8 && regime == "mixed" && width > 0)
    fill_matrix(regime, 0, width, std::min<std::int64_t>(width, 64), draw, t);
  else
    fill_stale(t, draw);
  return t;
}

}  // namespace

std::string_view draw_scatter_regime(std::uint64_t seed, std::uint64_t index) {
  return scatter_regimes[draws(seed, index, "scatter regime").chance(50)];
}

tensor_set draw_inputs(const groups_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  tensor x = matrix_between_nan(p.type, p.rows, p.k, p.gap);
  fill_matrix(regime, 0, p.k, p.group, random_stream(seed, "x"), x);
  inputs.set("x", std::move(x));
  if (!p.has_static) return inputs;
  random_stream draw(seed, "static_scale");
  tensor scale(dtype::f32, {1});
  const std::int64_t kind = draw.integer(0, 9);
  const std::int64_t ones = p.rule.overflow == quantize::beyond::nan ? 8 : 5;
  scale.set_value(0, kind < ones ? 1 : kind == ones ? 0 : draw.uniform() / 8 + 0x1p-10);
  inputs.set("static_scale", std::move(scale));
  return inputs;
}

tensor_set draw_inputs(const weight_dequant_problem& p, std::string_view regime, std::uint64_t seed) {
  const std::int64_t down = (p.m + p.block - 1) / p.block, across = (p.n + p.block - 1) / p.block;
  tensor weight(p.code, {p.m, p.n}), scale(dtype::f32, {down, across});
  random_stream draw(seed, "codes");
  const dtype out = p.out_type == dtype::f32 ? dtype::bf16 : p.out_type;
  std::vector<std::uint8_t> codes;
  for (std::int64_t r = 0; r < down; ++r)
    for (std::int64_t c = 0; c < across; ++c) {
      const std::int64_t rows = std::min(p.block, p.m - r * p.block),
                         columns = std::min(p.block, p.n - c * p.block);
      codes.resize(static_cast<std::size_t>(rows * columns));
      scale.set_value(r * across + c, fill_codes(regime, p.code, out, false, codes, draw));
      for (std::int64_t i = 0; i < rows * columns; ++i)
        weight.set_code((r * p.block + i / columns) * p.n + c * p.block + i % columns,
                        codes[static_cast<std::size_t>(i)]);
    }
  tensor_set inputs;
  inputs.set("weight", std::move(weight));
  inputs.set("scale", std::move(scale));
  return inputs;
}

tensor_set draw_inputs(const scatter_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  inputs.set("nope", filled(p, p.nope_width, regime, random_stream(seed, "nope")));
  inputs.set("rope", filled(p, p.rope_width, regime, random_stream(seed, "rope")));
  random_stream draw(seed, "loc");
  std::vector<std::int64_t> all(static_cast<std::size_t>(p.rows * p.world));
  std::iota(all.begin(), all.end(), 0);
  for (std::int64_t i = static_cast<std::int64_t>(all.size()) - 1; i > 0; --i)
    std::swap(all[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(draw.integer(0, i))]);
  all.resize(static_cast<std::size_t>(p.tokens));
  inputs.set("loc", places(all));
  tensor buffer(p.stored, {p.rows, p.nope_width + p.rope_width});
  fill_stale(buffer, random_stream(seed, "buffer"));
  inputs.set("buffer", std::move(buffer));
  return inputs;
}

}  // namespace plumbline::generate
