#include "properties/mla/product_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/mla/row_inputs.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using mla::project_problem;
using mla::projection;

namespace {

constexpr std::int64_t lane = mla::weight_block;  // of the regime `single`

// One row of x.
std::vector<double> token_row(std::string_view regime, std::int64_t inner, random_stream& draw) {
  std::vector<double> row(static_cast<std::size_t>(inner));
  for (double& x : row) {
    x = draw.normal();
    if (regime == "positive") x = 0.5 + std::fabs(x);
    if (regime == "integers") x = static_cast<double>(draw.integer(-4, 4));
  }
  if (regime == "integers") row[0] = 64;  // a sum of few products is not zero
  if (regime == "single")
    for (std::int64_t first = 0; first < inner; first += lane) {
      const std::int64_t last = std::min(inner, first + lane) - 1, kept = draw.integer(first, last);
      for (std::int64_t k = first; k <= last; ++k)
        if (k != kept) row[static_cast<std::size_t>(k)] = 0;
    }
  if (regime == "cancel")
    for (std::int64_t k = 1; k + 1 < inner; k += 2)  // the first is left: a sum of nothing says nothing
      row[static_cast<std::size_t>(k + 1)] = -row[static_cast<std::size_t>(k)];
  return row;
}

// A weight before it is rounded, or divided by its scale.
double weight_element(std::string_view regime, random_stream& draw) {
  const double x = draw.normal();
  if (regime == "positive") return 0.5 + std::fabs(x);
  if (regime == "integers") return static_cast<double>(2 * draw.integer(-2, 1) + 1);
  return x;
}

double power_of_two(random_stream& draw, std::int64_t low, std::int64_t high) {
  return std::ldexp(1.0, static_cast<int>(draw.integer(low, high)));
}

double draw_scale(std::string_view regime, random_stream& draw) {
  if (regime == "integers") return power_of_two(draw, -2, 2);
  const double fraction = 1 + draw.uniform();
  return fraction * (regime == "wide_scales" ? power_of_two(draw, -14, 2) : power_of_two(draw, -10, -8));
}

// Equal weights for the two of a pair, (1, 2), (3, 4), ... of a sum: its products are opposite.
void pair_weights(const project_problem& p, tensor& weight) {
  const std::int64_t columns = weight.dim(1), head_rows = p.qk_nope_head_dim + p.v_head_dim;
  const bool down = p.kind == projection::absorb_query;
  for (std::int64_t row = 0; row < weight.dim(0); ++row)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t k = down ? row % head_rows : c;
      if (k > 0 && k % 2 == 0)
        weight.set_code(row * columns + c, weight.code((row - down) * columns + c - !down));
    }
}

void draw_weight(const project_problem& p, std::string_view regime, std::uint64_t seed, tensor_set& inputs) {
  tensor& weight = inputs.at("weight");
  const std::int64_t columns = weight.dim(1);
  const auto shape = shape_of(p);
  const double usual = 1 / std::sqrt(static_cast<double>(shape.inner));
  for (std::int64_t row = 0; row < weight.dim(0); ++row) {
    random_stream draw(seed, "weight " + std::to_string(row));
    double size = p.weight_type == dtype::e4m3 ? 8 : usual;
    if (regime == "integers") size = 1;
    if (regime == "wide_scales" && p.weight_type != dtype::e4m3) size *= power_of_two(draw, -10, 2);
    for (std::int64_t c = 0; c < columns; ++c)
      weight.set_value(row * columns + c, size * weight_element(regime, draw));
  }
  if (regime == "cancel") pair_weights(p, weight);
  if (p.weight_type != dtype::e4m3) return;
  tensor& scale = inputs.at("weight_scale");
  random_stream draw(seed, "weight_scale");
  for (std::int64_t i = 0; i < scale.size(); ++i) scale.set_value(i, draw_scale(regime, draw));
}

}  // namespace

std::string_view draw_project_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(project_regimes.size()) - 1;
  return project_regimes[static_cast<std::size_t>(draws(seed, index, "project regime").between(0, last))];
}

bool reads_row(const project_problem& p, std::int64_t row) {
  if (p.kind == projection::linear) return true;
  const std::int64_t in_head = row % (p.qk_nope_head_dim + p.v_head_dim);
  return (in_head < p.qk_nope_head_dim) == (p.kind == projection::absorb_query);
}

bool unread_rows_hold_nan(std::uint64_t seed) { return random_stream(seed, "unread rows").chance(0.5); }

void fill_unread_rows(const project_problem& p, bool with_nan, std::uint64_t seed, tensor_set& inputs) {
  tensor& weight = inputs.at("weight");
  for (std::int64_t row = 0; row < weight.dim(0); ++row) {
    if (reads_row(p, row)) continue;
    random_stream draw(seed, "unread row " + std::to_string(row));
    for (std::int64_t c = 0; c < weight.dim(1); ++c)
      weight.set_value(row * weight.dim(1) + c, with_nan ? std::nan("") : 4 * draw.normal());
  }
}

tensor_set draw_inputs(const project_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  fill_unused(inputs, std::byte{0xff});
  const auto shape = shape_of(p);
  tensor& x = inputs.at("x");
  const std::int64_t heads = p.kind == projection::linear ? 1 : p.heads;
  const std::int64_t nan_at = random_stream(seed, "nan").integer(0, heads * shape.inner - 1);
  for (std::int64_t token = 0; token < p.tokens; ++token)
    for (std::int64_t h = 0; h < heads; ++h) {
      random_stream draw(seed, "x " + std::to_string(token) + ' ' + std::to_string(h));
      std::vector<double> row = token_row(regime, shape.inner, draw);
      if (regime == "one_nan" && p.tokens > 1 && token == p.tokens - 1 && nan_at / shape.inner == h)
        row[static_cast<std::size_t>(nan_at % shape.inner)] = std::nan("");
      const std::int64_t first =
          token * x.strides()[0] + (p.kind == projection::linear ? 0 : h * x.strides()[1]);
      for (std::int64_t k = 0; k < shape.inner; ++k) x.set_value(first + k, row[static_cast<std::size_t>(k)]);
    }
  draw_weight(p, regime, seed, inputs);
  fill_unread_rows(p, unread_rows_hold_nan(seed), seed, inputs);
  return inputs;
}

}  // namespace plumbline::generate
