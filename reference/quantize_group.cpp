#include "reference/quantize_group.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace plumbline::quantize {

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

float limit(const policy& p) { return static_cast<float>(limit_of(p.code)); }
float rounded(working type, dtype in, double x) {
  const auto single = static_cast<float>(x);
  return type == working::f32 ? single : static_cast<float>(round_to(in, single));
}

// The scale before it is made a power of two, from one candidate of amax / limit.
float unraised(const policy& p, dtype in, double ratio) {
  const float s = rounded(p.scale_in, in, ratio);
  const auto floor = static_cast<float>(p.scale_floor);
  return s < floor ? floor : s;
}

float next_power(float s) {
  int exponent = 0;
  const float fraction = std::frexp(s, &exponent);
  return std::ldexp(1.0f, fraction == 0.5f ? exponent - 1 : exponent);
}

bool is_power(float s) { return std::isfinite(s) && s > 0 && next_power(s) == s; }

// True where the fp32 logarithm of s may be that of the power of two below it: s exceeds it by half a step of
// the logarithm, in units of ln 2, and one rounding.  The step is the one above k: toward zero where k < 0.
bool just_above_power(float s) {
  const float below = next_power(s) / 2;
  const auto k = static_cast<float>(std::log2(static_cast<double>(below)));
  const double step = k == 0 ? 0 : std::fabs(static_cast<double>(std::nextafter(k, HUGE_VALF)) - k);
  const double window = 0.5 * std::log(2.0) * step + 0x1p-23;
  return !is_power(s) && static_cast<double>(s) / below - 1 <= window;
}

float raised(const policy& p, float s) {
  if (p.up == power_of_two::bits) return up_by_bits(s);
  return p.up == power_of_two::log2 ? up_by_log2(s) : s;
}
float lowest_raised(const policy& p, float s) {
  return p.up == power_of_two::log2 && just_above_power(s) ? next_power(s) / 2 : raised(p, s);
}
float highest_raised(const policy& p, float s) {
  return p.up == power_of_two::log2 ? next_power(s) : raised(p, s);
}

float quotient_of(const policy& p, const group_scale& g, float scale, double x) {
  const auto single = static_cast<float>(x);
  switch (p.ratio) {
    case quotient::divide:
      return single / scale;
    case quotient::reciprocal:
      return single * (1.0f / scale);
    default:
      return p.up == power_of_two::no ? single * (limit(p) / g.amax) : single * (1.0f / scale);
  }
}

double to_integer(rounding rule, double q) {
  if (rule == rounding::toward_zero) return std::trunc(q);
  return rule == rounding::half_away ? std::round(q) : std::nearbyint(q);
}

std::uint8_t cast_i8(const policy& p, double q) {
  if (std::isnan(q)) return 0;
  if (p.overflow != beyond::wrap) q = std::clamp(q, -128.0, 127.0);
  if (std::isinf(q)) return 0;
  const double low_byte = std::fmod(to_integer(p.round, q), 256.0);
  return static_cast<std::uint8_t>(static_cast<int>(low_byte));
}

std::uint8_t cast(const policy& p, double q) {
  if (p.code == dtype::i8) return cast_i8(p, q);
  if (std::isnan(q)) return p.nan == nan_code::either_end ? 0xfe : 0x7f;
  const overflow rule = p.overflow == beyond::nan ? overflow::ieee : overflow::saturate;
  return static_cast<std::uint8_t>(encode(p.code, q, rule));
}

int least_rank(dtype code) { return code == dtype::i8 ? -128 : -0x7f; }
int greatest_rank(dtype code) { return code == dtype::i8 ? 127 : 0x7e; }

code_set everything(const policy& p, std::uint8_t nominal, bool nan, latitude why) {
  return {nominal, least_rank(p.code), greatest_rank(p.code), false, nan, why};
}

code_set only(const policy& p, std::uint8_t nominal) {
  if (is_nan(p.code, nominal)) return {nominal, 1, 0, false, true, latitude::none};
  const int rank = rank_of(p.code, nominal);
  return {nominal, rank, rank, false, false, latitude::none};
}

code_set of_nan(const policy& p, std::uint8_t nominal) {
  if (p.nan == nan_code::unspecified) return everything(p, nominal, true, latitude::nan_has_no_code);
  if (p.nan == nan_code::kept) return only(p, nominal);
  return {nominal, least_rank(p.code), greatest_rank(p.code), true, false, latitude::nan_lost};
}

void include(const policy& p, code_set& set, std::uint8_t code) {
  if (is_nan(p.code, code)) {
    set.nan = true;
    return;
  }
  const int rank = rank_of(p.code, code);
  if (set.low > set.high) set.low = set.high = rank;
  set.low = std::min(set.low, rank);
  set.high = std::max(set.high, rank);
}

}  // namespace

std::string_view name_of(latitude why) {
  constexpr std::string_view names[] = {"one result",
                                        "within the declared error of a rounding boundary",
                                        "the fp32 logarithm of a scale just above a power of two",
                                        "a clamp lost NaN",
                                        "codes under scale 0 are unspecified",
                                        "NaN has no code"};
  return names[static_cast<int>(why)];
}

void extent::add(double x) {
  if (std::isnan(x))
    nan = true;
  else
    amax = std::max(amax, std::fabs(x));
}

extent extent_of(std::span<const double> x) {
  extent all;
  for (const double one : x) all.add(one);
  return all;
}

float up_by_bits(float s) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(s);
  const std::uint32_t field = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
  if (field == 0xff || s == 0) return s;
  return std::bit_cast<float>((field + (fraction != 0)) << 23);
}

float up_by_log2(float s) {
  const auto logarithm = static_cast<float>(std::log2(static_cast<double>(s)));
  return static_cast<float>(std::exp2(static_cast<double>(std::ceil(logarithm))));
}

bool scale_set::holds(float scale) const {
  if (std::isnan(nominal)) return std::isnan(scale);
  if (std::bit_cast<std::uint32_t>(scale) == std::bit_cast<std::uint32_t>(nominal)) return true;
  if (!(low <= scale && scale <= high) || std::signbit(scale)) return false;
  return !powers_of_two || is_power(scale);
}

group_scale scale_of(const policy& p, dtype in, const extent& elements, double ceiling) {
  group_scale g;
  g.amax = static_cast<float>(elements.amax);
  if (ceiling > 0 && g.amax > static_cast<float>(ceiling)) g.amax = static_cast<float>(ceiling);
  const float floor = rounded(p.amax_in, in, p.amax_floor);
  if (g.amax < floor) g.amax = floor;
  if (elements.nan && p.nan_in_amax) {
    g.amax = not_a_number;
    g.scale = {not_a_number, not_a_number, not_a_number, false, latitude::none};
    return g;
  }
  const float ratio = p.scale_by == scaling::divide ? g.amax / limit(p) : g.amax * (1.0f / limit(p));
  const float s = unraised(p, in, ratio);
  scale_set& set = g.scale;
  set.nominal = set.low = set.high = raised(p, s);
  set.powers_of_two = p.up != power_of_two::no;
  if (!std::isfinite(s) || s == 0) return g;
  float least = s, most = s;
  if (p.scale_error > 0) {
    const double exact = static_cast<double>(g.amax) / limit_of(p.code);
    least = std::min(s, unraised(p, in, exact * (1 - p.scale_error)));
    most = std::max(s, unraised(p, in, exact * (1 + p.scale_error)));
  }
  set.low = least == 0 ? 0 : lowest_raised(p, least);
  set.high = highest_raised(p, most);
  if (set.low != set.high) set.why = least == most ? latitude::logarithm : latitude::declared;
  return g;
}

int rank_of(dtype code_type, std::uint8_t code) {
  if (code_type == dtype::i8) return static_cast<std::int8_t>(code);
  const int magnitude = code & 0x7f;
  return code & 0x80 ? -1 - magnitude : magnitude;
}

bool is_nan(dtype code_type, std::uint8_t code) { return code_type == dtype::e4m3 && (code & 0x7f) == 0x7f; }

bool code_set::holds(dtype code_type, std::uint8_t code) const {
  if (is_nan(code_type, code)) return nan;
  const int rank = rank_of(code_type, code);
  if (ends_only) return rank == low || rank == high;
  return low <= rank && rank <= high;
}

std::uint8_t code_of(const policy& p, const group_scale& g, float scale, double x) {
  if (scale == 0 && p.zero == zero_scale::zero_codes) return std::isnan(x) ? cast(p, x) : 0x00;
  return cast(p, quotient_of(p, g, scale, x));
}

code_set codes_of(const policy& p, const group_scale& g, float scale, double x) {
  const std::uint8_t nominal = code_of(p, g, scale, x);
  if (scale == 0 && p.zero == zero_scale::any_finite)
    return everything(p, nominal, false, latitude::scale_is_zero);
  if (std::isnan(x)) return of_nan(p, nominal);
  if (scale == 0 && p.zero == zero_scale::zero_codes) return only(p, nominal);
  const float q = quotient_of(p, g, scale, x);
  if (std::isnan(q)) return of_nan(p, nominal);
  code_set set = only(p, nominal);
  if (p.up != power_of_two::no || p.quotient_error == 0 || q == 0 || std::isinf(x) || std::isinf(scale))
    return set;
  const double exact = p.ratio == quotient::limit_over_amax ? x * limit_of(p.code) / g.amax : x / scale;
  include(p, set, cast(p, exact * (1 - p.quotient_error)));
  include(p, set, cast(p, exact * (1 + p.quotient_error)));
  if (!set.single()) set.why = latitude::declared;
  return set;
}

float encode_group(const policy& p, dtype in, std::span<const double> x, std::uint8_t* codes,
                   double ceiling) {
  const group_scale g = scale_of(p, in, extent_of(x), ceiling);
  for (std::size_t i = 0; i < x.size(); ++i) codes[i] = code_of(p, g, g.scale.nominal, x[i]);
  return g.scale.nominal;
}

double value_of(dtype code_type, std::uint8_t code, float scale, dtype out) {
  const float exact = code_type == dtype::i8 ? static_cast<float>(static_cast<std::int8_t>(code))
                                             : static_cast<float>(decode(code_type, code));
  return round_to(out, exact * scale);
}

}  // namespace plumbline::quantize
