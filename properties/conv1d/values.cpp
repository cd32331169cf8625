#include "properties/conv1d/values.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace plumbline::generate {

namespace {

using conv1d::filter_shape;

constexpr double largest_value = 64;   // of |z| in channel 0, in every regime
constexpr double odd_anchor = 65;      // an odd number above all other terms of `integers`
constexpr double least_weight = 0.25;  // of channel 0's newest tap

double power_of_two(random_stream& draw, std::int64_t low, std::int64_t high) {
  return std::ldexp(1.0, static_cast<int>(draw.integer(low, high)));
}
double sign(random_stream& draw) { return draw.chance(0.5) ? 1 : -1; }
double odd(random_stream& draw, std::int64_t most) {
  const double side = sign(draw);
  return side * static_cast<double>(2 * draw.integer(0, most) + 1);
}

}  // namespace

channel_values::channel_values(const filter_shape&, std::string_view regime, std::uint64_t seed,
                               std::int64_t sequence, std::int64_t channel)
    : regime_(regime),
      draw_(seed, "z " + std::to_string(sequence) + ' ' + std::to_string(channel)),
      quiet_(channel == 0) {}

double channel_values::next() {
  if (regime_ == "integers") return odd(draw_, 1);
  if (regime_ == "cancelling") {
    // Weights alternate in sign and are alike, so equal values cancel but for a part in a thousand.
    if (draw_.chance(0.1)) last_ = 1 + 0.5 * std::fabs(draw_.normal());
    return last_ * (1 + 0x1p-10 * draw_.normal());
  }
  if (regime_ == "wide") {
    const double x = draw_.normal() * power_of_two(draw_, -10, 4);
    return std::clamp(x, -largest_value, largest_value);
  }
  if (regime_ == "not_finite" && !quiet_ && draw_.chance(0.05)) {
    const double side = sign(draw_);
    return draw_.chance(0.5) ? std::nan("") : side * INFINITY;
  }
  return draw_.normal();
}

void channel_values::put(tensor& to, std::int64_t element) {
  const double value = next();
  to.set_value(element, value);
  if (!std::isnan(value) || to.type() == dtype::f32) return;
  const std::uint32_t exponent = encode(to.type(), INFINITY), payloads = (exponent & (~exponent + 1)) - 1;
  const auto payload = static_cast<std::uint32_t>(draw_.integer(1, payloads));
  to.set_code(element, (draw_.chance(0.5) ? 0x8000u : 0u) | exponent | payload);
}

void draw_filter(const filter_shape& p, std::string_view regime, std::uint64_t seed, tensor_set& inputs) {
  tensor& weight = inputs.at("weight");
  for (std::int64_t c = 0; c < p.dim; ++c) {
    random_stream draw(seed, "filter " + std::to_string(c));
    const double size = 0.5 + draw.uniform();
    for (std::int64_t w = p.width; w-- > 0;) {  // newest first: a wider filter keeps them
      const bool newest = w == p.width - 1;
      double value = draw.normal();
      if (regime == "integers")
        value = newest ? odd(draw, 1) : 2.0 * static_cast<double>(draw.integer(-2, 2));
      if (regime == "cancelling") value = (w % 2 == 0 ? size : -size) * (1 + 0x1p-10 * value);
      if (regime == "wide") value *= power_of_two(draw, -6, 1);
      if (c == 0 && newest && std::fabs(value) < least_weight) value = least_weight;
      weight.set_value(c * p.width + w, value);
    }
    double bias = regime == "integers" ? 2.0 * static_cast<double>(draw.integer(-3, 3)) : draw.normal();
    if (regime == "cancelling") bias *= 0x1p-8;
    if (p.has_bias) inputs.at("bias").set_value(c, bias);
  }
}

double anchor(const filter_shape& p, const tensor_set& inputs, std::string_view regime) {
  const tensor& weight = inputs.at("weight");
  const double newest = weight.value(p.width - 1);
  const double side = newest < 0 ? -1 : 1;
  if (regime == "integers") return side * odd_anchor;
  double others = p.has_bias ? std::fabs(inputs.at("bias").value(0)) : 0;
  const double z = regime == "wide" ? largest_value : 8;
  for (std::int64_t w = 0; w + 1 < p.width; ++w) others += z * std::fabs(weight.value(w));
  return side * std::min((others + 1) / std::fabs(newest) * (1 + 0x1p-6), 60000.0);
}

void draw_tree(const conv1d::update_speculative_problem& p, std::int64_t n, std::uint64_t seed,
               tensor_set& inputs) {
  random_stream draw(seed, "tree " + std::to_string(n));
  const std::int64_t kind = draw.integer(0, 5);
  std::vector<std::int64_t> youngest(static_cast<std::size_t>(p.seqlen), -1);
  tensor &next = inputs.at("retrieve_next_token"), &sibling = inputs.at("retrieve_next_sibling");
  for (std::int64_t t = 0; t < p.seqlen; ++t) {
    next.set_value(n * p.seqlen + t, -1);
    sibling.set_value(n * p.seqlen + t, -1);
  }
  for (std::int64_t t = 1; t < p.seqlen; ++t) {
    const std::int64_t parent = kind == 0 ? t - 1 : kind == 1 ? 0 : draw.integer(0, t - 1);
    std::int64_t& before = youngest[static_cast<std::size_t>(parent)];
    (before == -1 ? next : sibling)
        .set_value(n * p.seqlen + (before == -1 ? parent : before), static_cast<double>(t));
    before = t;
  }
}

}  // namespace plumbline::generate
