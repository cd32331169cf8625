#include "properties/dflash/accept_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/core/numeric.hpp"
#include "properties/generate/draws.hpp"
#include "reference/core/index.hpp"
#include "reference/core/random.hpp"
#include "reference/dflash.hpp"

namespace plumbline::generate {

using dflash::accept_problem;

namespace {

constexpr double largest_below_one = 1 - 0x1p-24;

// Logits of one position; returns how many tokens are possible.
std::int64_t draw_position(const accept_problem& p, std::string_view regime, random_stream& draw,
                           std::int64_t first, tensor& logits) {
  const std::int64_t sure = draw.integer(0, p.vocab_size - 1);
  const double shift = 4096.0 * static_cast<double>(draw.integer(-7, 7));
  std::int64_t possible = 0;
  for (std::int64_t t = 0; t < p.vocab_size; ++t) {
    double x = draw.normal();
    const bool hidden = regime == "masked" && draw.chance(0.9) && t != sure;
    if (regime == "peaked") x *= 8;
    if (regime == "ties") x = static_cast<double>(draw.integer(-2, 2));
    if (regime == "shifted") x += shift;
    if (hidden) x = -INFINITY;
    possible += !hidden;
    logits.set_value(first + t, x);
  }
  return possible;
}

// A power of two of tokens alike, evenly spaced, all others impossible: steps of the distribution are exact.
std::int64_t draw_even(const accept_problem& p, random_stream& draw, std::int64_t first, tensor& logits) {
  std::int64_t possible = 1;
  for (std::int64_t doublings = draw.integer(0, 16); doublings > 0 && 2 * possible <= p.vocab_size;
       --doublings)
    possible *= 2;
  const std::int64_t spacing = p.vocab_size / possible, offset = draw.integer(0, spacing - 1);
  for (std::int64_t t = 0; t < p.vocab_size; ++t) {
    const bool alike = t >= offset && (t - offset) % spacing == 0 && (t - offset) / spacing < possible;
    logits.set_value(first + t, alike ? 1.5 : -INFINITY);
  }
  return possible;
}

double draw_uniform(std::string_view regime, random_stream& draw, std::int64_t possible) {
  const double usual = std::ldexp(static_cast<double>(draw.integer(0, (1 << 24) - 1)), -24);
  const std::int64_t kind = draw.integer(0, 9), step = draw.integer(0, possible - 1);
  if (regime == "even" && kind < 8) return static_cast<double>(step) / static_cast<double>(possible);
  return kind == 8 ? 0 : kind == 9 ? largest_below_one : usual;
}

// The target's token, or one beside it: no libm decides what is drawn, and a draft may be wrong.
std::int64_t target_of(const accept_problem& p, std::span<const double> logits, double uniform) {
  const std::int64_t largest = dflash::first_largest(logits);
  if (p.greedy()) return largest;
  constexpr double log2_e = 0x1.71547652b82fep0;
  std::vector<double> sums;
  double sum = 0;
  for (const double x : logits)
    sums.push_back(
        sum += kernels::exp2_soft(static_cast<float>((x - logits[at(largest)]) / p.temperature * log2_e)));
  const auto found = std::find_if(sums.begin(), sums.end(), [&](double s) { return s > uniform * sum; });
  return found == sums.end() ? largest : found - sums.begin();
}

}  // namespace

std::string_view draw_dflash_accept_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(dflash_accept_regimes.size()) - 1;
  return dflash_accept_regimes[at(draws(seed, index, "dflash accept regime").between(0, last))];
}

tensor_set draw_inputs(const accept_problem& p, std::string_view regime, std::uint64_t seed) {
  constexpr std::uint8_t between_rows = 0xff;
  tensor_set inputs = empty_inputs(p);
  tensor& logits = inputs.at("logits");
  logits.fill_block(between_rows);
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t i = 0; i < p.block_size; ++i) {
      random_stream draw(seed, "position " + std::to_string(s) + ' ' + std::to_string(i));
      const std::int64_t first = s * logits.strides()[0] + i * logits.strides()[1];
      const std::int64_t possible = regime == "even" ? draw_even(p, draw, first, logits)
                                                     : draw_position(p, regime, draw, first, logits);
      const double uniform = draw_uniform(regime, draw, possible);
      if (!p.greedy()) inputs.at("uniforms").set_value(s * p.block_size + i, uniform);
    }
  const std::vector<double> values = logits.values();
  const auto target_at = [&](std::int64_t position) {
    const tensor* uniforms = inputs.find("uniforms");
    return target_of(p, std::span(values).subspan(at(position * p.vocab_size), at(p.vocab_size)),
                     uniforms == nullptr ? 0 : uniforms->value(position));
  };
  tensor& block = inputs.at("block");
  for (std::int64_t s = 0; s < p.b; ++s) {
    random_stream draw(seed, "block " + std::to_string(s));
    for (std::int64_t i = 0; i < p.block_size; ++i) {
      const std::int64_t at_token = s * p.block_size + i, other = draw.integer(0, p.vocab_size - 1);
      const bool agrees = draw.integer(1, 100) <= p.agree_percent && i > 0;
      block.set_value(at_token, static_cast<double>(agrees ? target_at(at_token - 1) : other));
    }
  }
  return inputs;
}

}  // namespace plumbline::generate
