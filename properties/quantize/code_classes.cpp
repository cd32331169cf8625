#include "properties/quantize/code_classes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "properties/generate/draws.hpp"

namespace plumbline::generate {

namespace {

float some_scale(random_stream& draw, std::int64_t low, std::int64_t high, bool power_of_two) {
  const double fraction = power_of_two ? 1 : 1 + draw.uniform();
  return static_cast<float>(std::ldexp(fraction, static_cast<int>(draw.integer(low, high))));
}

std::uint8_t any_code(random_stream& draw) { return static_cast<std::uint8_t>(draw.bits32() >> 24); }
std::uint8_t number(dtype code, random_stream& draw) {
  for (;;) {
    const std::uint8_t c = any_code(draw);
    if (code != dtype::e4m3 || (c & 0x7f) != 0x7f) return c;
  }
}

// A scale that puts one code's product on a tie of `out`, or an fp32 step beside it, and that code often.
float output_ties(dtype code, dtype out, std::span<std::uint8_t> codes, random_stream& draw) {
  const std::int64_t step = draw.integer(9, 15) | 1;
  const std::uint8_t aim =
      code == dtype::e4m3 ? static_cast<std::uint8_t>(0x38 + (step - 8)) : static_cast<std::uint8_t>(step);
  const int bits = out == dtype::f16 ? 11 : 8;  // significand bits: a tie has one more, and it is 1
  const std::int64_t tie = 2 * draw.integer(std::int64_t{1} << (bits - 1), (std::int64_t{1} << bits) - 1) + 1;
  for (std::uint8_t& one : codes)
    one = draw.chance(0.6)
              ? static_cast<std::uint8_t>(aim ^ (code == dtype::e4m3 && draw.chance(0.5) ? 0x80 : 0))
              : number(code, draw);
  return static_cast<float>(std::ldexp(static_cast<double>(tie) / static_cast<double>(step),
                                       static_cast<int>(draw.integer(-16, 0))));
}

}  // namespace

std::string_view draw_code_regime(std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "code regime");
  if (draw.chance(40)) return code_regimes[0];
  return code_regimes[static_cast<std::size_t>(
      draw.between(1, static_cast<std::int64_t>(code_regimes.size()) - 1))];
}

float fill_codes(std::string_view regime, dtype code, dtype out, bool power_of_two,
                 std::span<std::uint8_t> codes, random_stream& draw) {
  if (regime == "mixed")
    regime = code_regimes[static_cast<std::size_t>(
        draw.integer(1, static_cast<std::int64_t>(code_regimes.size()) - 1))];
  if (regime == "output_ties" && !power_of_two) return output_ties(code, out, codes, draw);
  for (std::uint8_t& one : codes) one = regime == "any_pattern" ? any_code(draw) : number(code, draw);
  if (regime == "extreme_scales")
    return draw.chance(0.5) ? some_scale(draw, -149, -110, power_of_two)
                            : some_scale(draw, 10, 127, power_of_two);
  if (regime == "zero_scale" && !power_of_two) return draw.chance(0.8) ? 0.0f : -0.0f;
  if (regime == "any_pattern" && !power_of_two) return std::bit_cast<float>(draw.bits32());
  return some_scale(draw, -24, 4, power_of_two || regime == "powers_of_two");
}

}  // namespace plumbline::generate
