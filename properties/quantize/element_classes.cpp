#include "properties/quantize/element_classes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "properties/generate/draws.hpp"

namespace plumbline::generate {

namespace {

using filler = void (*)(dtype, std::span<double>, random_stream&);

constexpr double smallest(dtype in) {
  return in == dtype::f16 ? 0x1p-24 : in == dtype::bf16 ? 0x1p-133 : 0x1p-149;
}
constexpr double largest(dtype in) {
  return in == dtype::f16 ? 65504 : in == dtype::bf16 ? 0x1.fep127 : 0x1.fffffep127;
}

double& any(std::span<double> x, random_stream& draw) {
  return x[static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(x.size()) - 1))];
}
double sign(random_stream& draw) { return draw.chance(0.5) ? 1 : -1; }
double power(random_stream& draw, std::int64_t low, std::int64_t high) {
  return std::ldexp(1.0, static_cast<int>(draw.integer(low, high)));
}
void normal(dtype in, std::span<double> x, random_stream& draw, double size) {
  for (double& one : x) one = round_to(in, draw.normal() * size);
}

void ordinary(dtype in, std::span<double> x, random_stream& draw) { normal(in, x, draw, power(draw, -4, 4)); }
void zeros(dtype, std::span<double> x, random_stream& draw) {
  const double negative = static_cast<double>(draw.integer(0, 2)) / 2;
  for (double& one : x) one = draw.chance(negative) ? -0.0 : 0.0;
}
void subnormal(dtype in, std::span<double> x, random_stream& draw) {
  const std::int64_t most = draw.chance(0.25) ? 1000 : 9;
  for (double& one : x) one = smallest(in) * static_cast<double>(draw.integer(-most, most));
}
// Quotients half way between two codes, under scale 1.
void ties(dtype, std::span<double> x, random_stream& draw) {
  for (double& one : x)
    one = sign(draw) * (static_cast<double>(draw.integer(8, 15)) + 0.5) * 0.125 * power(draw, -6, 7);
  any(x, draw) = 448;
}
// Multiples of half the smallest code, under scale 1.
void small_codes(dtype, std::span<double> x, random_stream& draw) {
  for (double& one : x) one = static_cast<double>(draw.integer(-16, 16)) * 0x1p-10;
  any(x, draw) = -448;
}
// On and beside the largest code and the overflow threshold.
void limits(dtype in, std::span<double> x, random_stream& draw) {
  constexpr double edges[] = {447, 448, 449, 456, 463, 464, 464.25, 465, 466, 480, 512};
  const double times = draw.chance(0.5) ? 1 : power(draw, -8, 6);
  for (double& one : x)
    one = round_to(
        in, sign(draw) * times * edges[draw.integer(0, static_cast<std::int64_t>(std::size(edges)) - 1)]);
}
void with_nan(dtype in, std::span<double> x, random_stream& draw) {
  const bool all = draw.chance(0.1);
  if (all)
    for (double& one : x) one = std::numeric_limits<double>::quiet_NaN();
  else
    normal(in, x, draw, 1);
  any(x, draw) = std::numeric_limits<double>::quiet_NaN();
}
void with_infinity(dtype in, std::span<double> x, random_stream& draw) {
  normal(in, x, draw, 1);
  any(x, draw) = sign(draw) * std::numeric_limits<double>::infinity();
  if (draw.chance(0.2)) any(x, draw) = std::numeric_limits<double>::quiet_NaN();
}
void one_huge(dtype in, std::span<double> x, random_stream& draw) {
  normal(in, x, draw, 1);
  any(x, draw) = sign(draw) * round_to(in, largest(in) * power(draw, -3, 0));
}
// amax around 1e-4, 1e-8 and 1e-10, on amax or on the scale.
void floors(dtype in, std::span<double> x, random_stream& draw) { normal(in, x, draw, power(draw, -44, -4)); }
// amax on a power of two times the largest code, or a few steps beside it.  An fp32 logarithm k takes what
// lies within |k| steps above 2^k for 2^k, and how much of them changes where |k| is a power of two.
void power_of_two_edge(dtype in, std::span<double> x, random_stream& draw) {
  if (in == dtype::f32 && draw.chance(0.5)) {
    const auto k = static_cast<int>(draw.integer(2, 5));
    const double least = std::ldexp(448.0, -(1 << k)), above = static_cast<double>(draw.integer(0, 1 << k));
    normal(in, x, draw, least / 4096);
    any(x, draw) = round_to(in, sign(draw) * least * (1 + above * 0x1p-23));
    return;
  }
  normal(in, x, draw, 0x1p-3);
  any(x, draw) = round_to(in, sign(draw) * 448 * power(draw, -9, 4) *
                                  (1 + static_cast<double>(draw.integer(-12, 12)) * unit_roundoff(in)));
}
// amax that leaves fp16 scales a few steps or none, bf16 ones too.
void tiny(dtype in, std::span<double> x, random_stream& draw) {
  normal(in, x, draw, in == dtype::f16 ? power(draw, -20, -10) : power(draw, -130, -110));
}
void alternating(dtype in, std::span<double> x, random_stream& draw) {
  const double size = round_to(in, std::fabs(draw.normal()) + 0.5);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? size : -size;
}
// The same amax in every group, at another place.
void equal_max(dtype in, std::span<double> x, random_stream& draw) {
  for (double& one : x) one = round_to(in, 2.25 * (2 * draw.uniform() - 1));
  any(x, draw) = 2.5 * sign(draw);
}
// Quotients half way between two int8 codes, under scale 1.
void halves(dtype, std::span<double> x, random_stream& draw) {
  for (double& one : x) one = static_cast<double>(draw.integer(-254, 254)) / 2;
  any(x, draw) = sign(draw) * 127;
}
void any_pattern(dtype in, std::span<double> x, random_stream& draw) {
  for (double& one : x) one = decode(in, draw.bits32() >> (size_of(in) == 2 ? 16 : 0));
}

constexpr filler fillers[] = {nullptr, ordinary,    zeros,         subnormal, ties,       small_codes,
                              limits,  with_nan,    with_infinity, one_huge,  floors,     power_of_two_edge,
                              tiny,    alternating, equal_max,     halves,    any_pattern};
static_assert(std::size(fillers) == element_regimes.size());

filler filler_of(std::string_view regime, random_stream& draw) {
  auto at = std::find(element_regimes.begin(), element_regimes.end(), regime) - element_regimes.begin();
  if (at <= 0 || at >= static_cast<std::ptrdiff_t>(std::size(fillers)))
    at = draw.integer(1, static_cast<std::int64_t>(std::size(fillers)) - 1);
  return fillers[at];
}

}  // namespace

std::string_view draw_element_regime(std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "quantize regime");
  if (draw.chance(40)) return element_regimes[0];
  return element_regimes[static_cast<std::size_t>(
      draw.between(1, static_cast<std::int64_t>(element_regimes.size()) - 1))];
}

void fill_group(std::string_view regime, dtype in, std::span<double> x, random_stream& draw) {
  if (!x.empty()) filler_of(regime, draw)(in, x, draw);
}

void fill_matrix(std::string_view regime, std::int64_t first, std::int64_t count, std::int64_t group,
                 random_stream draw, tensor& matrix) {
  std::vector<double> x;
  for (std::int64_t row = 0; row < matrix.dim(0); ++row)
    for (std::int64_t c = 0; c < count; c += group) {
      x.assign(static_cast<std::size_t>(std::min(group, count - c)), 0);
      fill_group(regime, matrix.type(), x, draw);
      for (std::size_t i = 0; i < x.size(); ++i)
        matrix.set_value(row * matrix.strides()[0] + first + c + static_cast<std::int64_t>(i), x[i]);
    }
}

}  // namespace plumbline::generate
