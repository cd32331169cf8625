// Groups of elements of every class that has bytes of its own: zeros of both signs, ties, subnormals, NaN,
// infinity, one huge element, maxima on and beside powers of two.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "reference/core/formats.hpp"
#include "reference/core/random.hpp"

namespace plumbline::quantize::by_hand {

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// A group of `kinds` classes; values are exact in `in`.
inline constexpr int kinds = 14;
inline std::vector<double> group_of_kind(int kind, dtype in, std::size_t count, random_stream& draw) {
  std::vector<double> x(count);
  const double least = in == dtype::f16 ? 0x1p-24 : in == dtype::bf16 ? 0x1p-133 : 0x1p-149;
  const double most = in == dtype::f16 ? 65504 : 0x1.fep127;
  const auto any = [&] {
    return static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(count) - 1));
  };
  const auto fill = [&](auto value) {
    for (double& one : x) one = round_to(in, value());
  };
  switch (kind) {
    case 0:
      return x;
    case 1:
      fill([&] { return draw.chance(0.5) ? 0.0 : -0.0; });
      return x;
    case 2:  // subnormal, and all but
      fill([&] { return least * static_cast<double>(draw.integer(-9, 9)); });
      return x;
    case 3:  // ties of e4m3 under scale 1
      fill([&] {
        return (static_cast<double>(draw.integer(8, 15)) + 0.5) *
               std::ldexp(0.125, static_cast<int>(draw.integer(-6, 7)));
      });
      x[any()] = 448;
      return x;
    case 4:  // steps of the smallest code and their halves
      fill([&] { return static_cast<double>(draw.integer(-16, 16)) * 0x1p-10; });
      x[any()] = -448;
      return x;
    case 5:
      fill([&] { return draw.normal(); });
      x[any()] = not_a_number;
      return x;
    case 6:
      fill([&] { return draw.normal(); });
      x[any()] = draw.chance(0.5) ? infinity : -infinity;
      return x;
    case 7:  // one huge element
      fill([&] { return draw.normal(); });
      x[any()] = most;
      return x;
    case 8:  // around the floors
      fill([&] { return draw.normal() * std::ldexp(1.0, static_cast<int>(draw.integer(-44, -10))); });
      return x;
    case 9:  // amax on a power of two times the largest code, or next to it
      fill([&] { return draw.normal() * 0x1p-3; });
      x[any()] = round_to(in, std::ldexp(448, static_cast<int>(draw.integer(-9, 4))) *
                                  (1 + static_cast<double>(draw.integer(-2, 2)) * unit_roundoff(in)));
      return x;
    case 10:  // alternating signs of one size
      for (std::size_t i = 0; i < count; ++i) x[i] = i % 2 == 0 ? 3 : -3;
      return x;
    case 11:  // int8 ties under scale 1
      fill([&] { return static_cast<double>(draw.integer(-254, 254)) / 2; });
      x[any()] = 127;
      return x;
    case 12:  // amax that leaves fp16 scales a few steps, or none
      fill([&] { return draw.normal() * 0x1p-17; });
      return x;
    default:
      fill([&] { return draw.normal() * std::ldexp(1.0, static_cast<int>(draw.integer(-4, 4))); });
      return x;
  }
}

}  // namespace plumbline::quantize::by_hand
