// A second quantizer, written from the formats' definitions alone: it shares the policy's fields with the
// reference and no code.
//
// Codes are found by search in a list of all magnitudes, powers of two by doubling, and fp32 operations are
// double operations rounded to float, which is the same bits: a quotient or product of two floats, rounded to
// 53 bits first, never becomes a tie of 24 bits that it was not.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "reference/core/quantize_policy.hpp"

namespace plumbline::quantize::scalar {

inline const std::vector<double>& magnitudes() {
  static const std::vector<double> all = [] {
    std::vector<double> list;
    for (int step = 0; step < 8; ++step) list.push_back(step / 512.0);
    for (double power = 1 / 64.0; power <= 256; power *= 2)
      for (int eighth = 8; eighth < 16; ++eighth)
        if (power * eighth / 8 < 480) list.push_back(power * eighth / 8);
    return list;
  }();
  return all;
}

inline int e4m3(const policy& p, double q) {
  if (q != q) return p.nan == nan_code::either_end ? 0xfe : 0x7f;
  const int sign = std::signbit(q) ? 0x80 : 0;
  const double size = std::fabs(q);
  if (size > 464) return sign | (p.overflow == beyond::nan ? 0x7f : 0x7e);
  const std::vector<double>& list = magnitudes();
  const auto above = std::lower_bound(list.begin(), list.end(), size);
  if (above == list.end()) return sign | 0x7e;
  const int code = static_cast<int>(above - list.begin());
  if (code == 0) return sign;
  const double up = *above - size, down = size - above[-1];
  return sign | (up < down || (up == down && code % 2 == 0) ? code : code - 1);
}

inline int i8(const policy& p, double q) {
  if (q != q || std::isinf(q)) return q != q || p.overflow == beyond::wrap ? 0 : (q < 0 ? -128 : 127) & 0xff;
  if (p.overflow == beyond::saturate) q = q < -128 ? -128 : q > 127 ? 127 : q;
  const double below = std::floor(q), part = q - below;
  double whole = part > 0.5 ? below + 1 : below;
  if (part == 0.5) whole = std::fmod(below, 2) == 0 ? below : below + 1;
  if (p.round == rounding::half_away && part == 0.5) whole = q > 0 ? below + 1 : below;
  if (p.round == rounding::toward_zero) whole = q < 0 && part > 0 ? below + 1 : below;
  return static_cast<int>(static_cast<long long>(whole) & 0xff);
}

/// The nearest of the numbers with `bits` significant bits and no step below `least`, ties to even.
inline double shortened(double x, int bits, double least) {
  if (x == 0 || !std::isfinite(x)) return x;
  double step = least;
  while (std::fabs(x) >= std::ldexp(step, bits)) step *= 2;
  return std::nearbyint(x / step) * step;
}

inline double in_type(dtype in, double x) {
  if (in == dtype::bf16) return shortened(x, 8, 0x1p-133);
  if (in == dtype::f16) return x >= 65520 ? HUGE_VAL : shortened(x, 11, 0x1p-24);
  return x;
}

struct encoded {
  float scale;
  std::vector<std::uint8_t> codes;
};

inline encoded encode(const policy& p, dtype in, const std::vector<double>& x) {
  double amax = 0;
  bool lost = false;
  for (const double one : x) {
    if (one != one) lost = p.nan_in_amax || lost;
    if (std::fabs(one) > amax) amax = std::fabs(one);
  }
  double floor = static_cast<float>(p.amax_floor);
  if (p.amax_in == working::input) floor = in_type(in, floor);
  if (amax < floor) amax = floor;
  if (lost) amax = NAN;
  const double top = p.code == dtype::i8 ? 127 : 448;
  float scale = static_cast<float>(
      p.scale_by == scaling::divide ? amax / top : amax * static_cast<double>(static_cast<float>(1 / top)));
  if (p.scale_in == working::input) scale = static_cast<float>(in_type(in, scale));
  if (scale < static_cast<float>(p.scale_floor)) scale = static_cast<float>(p.scale_floor);
  if (p.up != power_of_two::no && scale > 0 && std::isfinite(scale)) {
    double power = 0x1p-126;
    while (power < scale) power *= 2;
    const bool taken_for_half =
        p.up == power_of_two::log2 && static_cast<float>(std::log2l(scale)) == std::log2(power / 2);
    scale = static_cast<float>(taken_for_half ? power / 2 : power);
  }
  encoded out{scale, {}};
  for (const double one : x) {
    double q = 0;
    const double inverse = static_cast<float>(1.0 / scale), stretch = static_cast<float>(top / amax);
    if (p.ratio == quotient::divide || p.up != power_of_two::no)
      q = static_cast<float>(one / scale);
    else
      q = static_cast<float>(one * (p.ratio == quotient::reciprocal ? inverse : stretch));
    int code = p.code == dtype::i8 ? i8(p, q) : e4m3(p, q);
    if (scale == 0 && p.zero == zero_scale::zero_codes)
      code = one == one ? 0 : p.code == dtype::i8 ? 0 : e4m3(p, one);
    out.codes.push_back(static_cast<std::uint8_t>(code));
  }
  return out;
}

}  // namespace plumbline::quantize::scalar
