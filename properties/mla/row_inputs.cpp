#include "properties/mla/row_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/generate/presentation.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using mla::rms_norm_problem;
using mla::rotary_problem;
using mla::write_cache_problem;

namespace {

template <std::size_t N>
std::string_view any_of(const std::array<std::string_view, N>& regimes, std::uint64_t seed,
                        std::uint64_t index, std::string_view purpose) {
  return regimes[static_cast<std::size_t>(draws(seed, index, purpose).between(0, N - 1))];
}

double power_of_two(random_stream& draw, std::int64_t low, std::int64_t high) {
  return std::ldexp(1.0, static_cast<int>(draw.integer(low, high)));
}

double sign(random_stream& draw) { return draw.chance(0.5) ? 1 : -1; }

// Elements of one row; exponents stay where f16 has them and fp32 can square them.
std::vector<double> norm_row(const rms_norm_problem& p, std::string_view regime, random_stream& draw) {
  std::vector<double> row(static_cast<std::size_t>(p.dim));
  if (regime == "zeros") return row;
  const double size = regime == "near_eps" && p.eps > 0
                          ? std::sqrt(p.eps) * std::sqrt(power_of_two(draw, -3, 3))
                          : power_of_two(draw, -4, 4);
  for (double& x : row) {
    x = size * draw.normal();
    if (regime == "positive") x = size * (1 + 0.3 * std::fabs(draw.normal()));
    if (regime == "wide") x *= power_of_two(draw, -10, 10) / 4;
  }
  double& one = row[static_cast<std::size_t>(draw.integer(0, p.dim - 1))];
  if (regime == "wide" && draw.chance(0.5)) one = sign(draw) * (p.type == dtype::bf16 ? 0x1p40 : 0x1.8p15);
  if (regime == "not_finite") one = draw.chance(0.5) ? std::nan("") : sign(draw) * INFINITY;
  return row;
}

std::string_view row_regime(std::string_view regime, std::int64_t token, random_stream& draw) {
  if (regime != "mixed") return regime;
  constexpr std::string_view any[] = {"normal", "near_eps", "wide", "positive", "zeros", "not_finite"};
  return any[static_cast<std::size_t>(draw.integer(0, token == 0 ? 3 : 5))];  // one row says something
}

double norm_weight(std::string_view regime, random_stream& draw) {
  if (regime == "wide") {
    const double side = sign(draw);
    return side * power_of_two(draw, -6, 4);
  }
  return regime == "positive" ? 1 : 1 + 0.3 * draw.normal();
}

void draw_angles(const rotary_problem& p, std::string_view regime, std::uint64_t seed, tensor& cos,
                 tensor& sin) {
  const std::int64_t pairs = p.d / 2;
  for (std::int64_t row = 0; row < p.rotary_rows; ++row) {
    const bool read = row >= p.start_pos && row < p.start_pos + p.sq;
    random_stream draw(seed, "angles " + std::to_string(row));
    for (std::int64_t i = 0; i < pairs; ++i) {
      double c = NAN, s = NAN;  // of a position that nobody reads
      if (read && regime == "quarter_turns") {
        const std::int64_t quarter = draw.integer(0, 3);
        c = quarter % 2 == 0 ? 1 - static_cast<double>(quarter) : 0;
        s = quarter % 2 == 1 ? 2 - static_cast<double>(quarter) : 0;
      } else if (read) {
        const double t = 4 * (2 * draw.uniform() - 1);
        c = (1 - t * t) / (1 + t * t), s = 2 * t / (1 + t * t);
      }
      cos.set_value(row * pairs + i, c);
      sin.set_value(row * pairs + i, s);
    }
  }
}

// The low exponents of a format hold subnormals, the high ones overflow when two of them meet.
double wide_element(dtype type, random_stream& draw) {
  const format f = format_of(type);
  const std::int64_t low = 1 - f.bias - f.fraction_bits, high = f.bias;
  const std::int64_t kind = draw.integer(0, 5);
  if (kind == 0) return 0;
  const double side = sign(draw), significand = side * (1 + draw.uniform());
  return significand * (kind == 1   ? power_of_two(draw, low, low + f.fraction_bits + 2)
                        : kind == 2 ? power_of_two(draw, high - 3, high - 1)
                                    : power_of_two(draw, -12, 12));
}

}  // namespace

void fill_unused(tensor_set& inputs, std::byte fill) {
  for (auto& [name, t] : inputs) t.fill_block(static_cast<std::uint8_t>(fill));
}

std::string_view draw_rms_norm_regime(std::uint64_t seed, std::uint64_t index) {
  return any_of(rms_norm_regimes, seed, index, "rms_norm regime");
}
std::string_view draw_rotary_regime(std::uint64_t seed, std::uint64_t index) {
  return any_of(rotary_regimes, seed, index, "rotary regime");
}
std::string_view draw_write_cache_regime(std::uint64_t seed, std::uint64_t index) {
  return any_of(write_cache_regimes, seed, index, "write_cache regime");
}

tensor_set draw_inputs(const rms_norm_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  fill_unused(inputs, std::byte{0xff});
  tensor& x = inputs.at("x");
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    random_stream draw(seed, "x " + std::to_string(token));
    const std::vector<double> row = norm_row(p, row_regime(regime, token, draw), draw);
    for (std::int64_t c = 0; c < p.dim; ++c)
      x.set_value(token * x.strides()[0] + c, row[static_cast<std::size_t>(c)]);
  }
  random_stream draw(seed, "weight");
  for (std::int64_t c = 0; c < p.dim; ++c) inputs.at("weight").set_value(c, norm_weight(regime, draw));
  return inputs;
}

tensor_set draw_inputs(const rotary_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  fill_unused(inputs, std::byte{0xff});
  draw_angles(p, regime, seed, inputs.at("cos"), inputs.at("sin"));
  tensor& x = inputs.at("x");
  if (regime == "any_pattern") {
    fill_stale(x, random_stream(seed, "x"));
    return inputs;
  }
  for (std::int64_t n = 0; n < p.b; ++n)
    for (std::int64_t i = 0; i < p.sq; ++i) {
      random_stream draw(seed, "x " + std::to_string(n) + ' ' + std::to_string(i));
      for (std::int64_t h = 0; h < p.heads; ++h)
        for (std::int64_t c = 0; c < p.d; ++c) {
          const std::int64_t at[] = {n, i, h, c};
          x.set_value(x.offset(at), regime == "wide" ? wide_element(p.type, draw) : draw.normal());
        }
    }
  return inputs;
}

tensor_set draw_inputs(const write_cache_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  fill_unused(inputs, std::byte{0xff});
  for (const char* name : {"kv_c", "k_pe"}) {
    tensor& t = inputs.at(name);
    if (regime == "any_pattern") {
      fill_stale(t, random_stream(seed, name));
      continue;
    }
    random_stream draw(seed, name);
    for (std::int64_t token = 0; token < p.tokens; ++token)
      for (std::int64_t c = 0; c < t.dim(1); ++c) t.set_value(token * t.strides()[0] + c, draw.normal());
  }
  fill_stale(inputs.at("k_cache"), random_stream(seed, "k_cache"));
  random_stream draw(seed, "slot_mapping");
  std::vector<std::int64_t> slots(static_cast<std::size_t>(p.num_pages * p.page_size));
  std::iota(slots.begin(), slots.end(), 0);
  for (std::size_t i = slots.size(); i-- > 1;)
    std::swap(slots[i], slots[static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(i)))]);
  slots.resize(static_cast<std::size_t>(p.tokens));
  for (std::int64_t& slot : slots)
    if (draw.chance(static_cast<double>(p.skip_percent) / 100)) slot = -1;
  inputs.set("slot_mapping", places(slots));
  return inputs;
}

}  // namespace plumbline::generate
