#include "properties/dflash/project_inputs.hpp"

#include <cmath>
#include <string>

#include "properties/generate/draws.hpp"
#include "reference/core/index.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using dflash::project_problem;

namespace {

double odd(random_stream& draw) { return static_cast<double>(2 * draw.integer(-2, 1) + 1); }

// One row of a block or of a context, from a stream of its own.
void draw_row(const project_problem& p, std::string_view regime, std::uint64_t seed, const char* name,
              std::int64_t s, std::int64_t token, tensor& to) {
  random_stream draw(seed, std::string(name) + ' ' + std::to_string(s) + ' ' + std::to_string(token));
  const std::int64_t first = s * to.strides()[0] + token * to.strides()[1];
  const std::int64_t unit = draw.integer(0, p.hidden_size - 1);
  const double size = regime == "near_eps" && p.eps > 0
                          ? std::sqrt(p.eps) * std::ldexp(1.0, static_cast<int>(draw.integer(-2, 2)))
                          : 1;
  for (std::int64_t k = 0; k < p.hidden_size; ++k) {
    double x = draw.normal();
    if (regime == "positive") x = 0.5 + std::fabs(x);
    if (regime == "integers") x = odd(draw);
    if (regime == "single") x = k == unit ? 1 : 0;
    to.set_value(first + k, size * x);
  }
}

void draw_angles(std::string_view regime, std::uint64_t seed, tensor_set& inputs) {
  tensor &cos = inputs.at("cos"), &sin = inputs.at("sin");
  random_stream draw(seed, "angles");
  for (std::int64_t i = 0; i < cos.size(); ++i) {
    const double t = 4 * (2 * draw.uniform() - 1);
    const std::int64_t quarter = draw.integer(0, 3);
    double c = (1 - t * t) / (1 + t * t), s = 2 * t / (1 + t * t);
    if (regime == "quarter_turns") {
      c = quarter % 2 == 0 ? 1 - static_cast<double>(quarter) : 0;
      s = quarter % 2 == 1 ? 2 - static_cast<double>(quarter) : 0;
    }
    cos.set_value(i, c);
    sin.set_value(i, s);
  }
}

void draw_dense(std::string_view regime, std::uint64_t seed, const std::string& name, double size,
                double middle, tensor& to) {
  random_stream draw(seed, name);
  for (std::int64_t i = 0; i < to.size(); ++i) {
    const double x = draw.normal();
    to.set_value(i, regime == "integers"   ? odd(draw)
                    : regime == "positive" ? middle + size * (0.5 + std::fabs(x))
                                           : middle + size * x);
  }
}

}  // namespace

std::string_view draw_dflash_project_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(dflash_project_regimes.size()) - 1;
  return dflash_project_regimes[at(draws(seed, index, "dflash project regime").between(0, last))];
}

tensor_set draw_inputs(const project_problem& p, std::string_view regime, std::uint64_t seed) {
  constexpr std::uint8_t between_rows = 0xff;
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) t.fill_block(between_rows);
  for (std::int64_t s = 0; s < p.b; ++s) {
    for (std::int64_t t = 0; t < p.context_len; ++t)
      draw_row(p, regime, seed, "context", s, t, inputs.at("context"));
    for (std::int64_t t = 0; t < p.block_size; ++t)
      draw_row(p, regime, seed, "hidden", s, t, inputs.at("hidden"));
  }
  if (regime == "one_nan" && p.b * p.block_size > 1) {
    tensor& hidden = inputs.at("hidden");
    const std::int64_t last[] = {p.b - 1, p.block_size - 1,
                                 random_stream(seed, "nan").integer(0, p.hidden_size - 1)};
    hidden.set_value(hidden.offset(last), std::nan(""));
  }
  draw_angles(regime, seed, inputs);
  const double usual = 1 / std::sqrt(static_cast<double>(p.hidden_size));
  const bool beside_eps = regime == "near_eps" && p.eps > 0;
  for (const char* name : {"wq", "wk", "wv"}) draw_dense(regime, seed, name, usual, 0, inputs.at(name));
  for (const char* name : {"bq", "bk", "bv"})
    if (tensor* bias = inputs.find(name))
      draw_dense(regime, seed, name, beside_eps ? std::sqrt(p.eps) / 2 : 0.5, 0, *bias);
  for (const char* name : {"q_norm", "k_norm"})
    draw_dense(regime == "integers" ? "normal" : regime, seed, name, 0.3, 1, inputs.at(name));
  return inputs;
}

}  // namespace plumbline::generate
