// One group of elements under one scale: the truth of every quantizer, in one place.
//
// Each step is the single fp32 operation that the policy names, on exact inputs, so the result is a bit
// pattern and not an approximation.  Where the policy declares an error, the nominal result is still what
// IEEE arithmetic gives, and the set beside it holds everything the declared error can reach: the scales
// between the ends of amax / limit (1 +- scale_error), the codes between the ends of x / scale (1 +-
// quotient_error).  A code therefore differs from the nominal one only where the exact quotient lies within
// the declared error of a rounding boundary.  Codes are judged against the scale that was written, so a wrong
// scale is one finding and not 128.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "reference/core/quantize_policy.hpp"

namespace plumbline::quantize {

/// Why more than one result is right.
enum class latitude : std::uint8_t {
  none,           // exact: one result
  declared,       // within the declared error of a rounding boundary
  logarithm,      // an fp32 logarithm takes a scale just above 2^k for 2^k
  nan_lost,       // a clamp turned NaN into an end of the range
  scale_is_zero,  // codes under a scale of 0 are unspecified
  nan_has_no_code
};
std::string_view name_of(latitude);

/// What the elements of a group come to before anything is scaled.
struct extent {
  double amax = 0;   // largest magnitude, NaN elements excepted
  bool nan = false;  // there are NaN elements
  /// Looks at one more element.
  void add(double x);
};
extent extent_of(std::span<const double> x);

/// The scales that are right.
struct scale_set {
  float nominal = 0;
  float low = 0, high = 0;     // the ends, as floats; NaN when the scale is NaN
  bool powers_of_two = false;  // only they count between the ends
  latitude why = latitude::none;
  bool holds(float scale) const;
};

/// A group's amax as the policy sees it, and its scale.
struct group_scale {
  float amax = 0;  // fp32: NaN, ceiling and floor applied
  scale_set scale;
};

/// `in`: type of the elements, which rounds what the policy computes in it.  `ceiling`: upper bound on amax
/// (0: none).
group_scale scale_of(const policy&, dtype in, const extent&, double ceiling = 0);

/// The codes that are right for one element.
struct code_set {
  std::uint8_t nominal = 0;
  int low = 0, high = 0;   // in the order of `rank_of`
  bool ends_only = false;  // low and high, nothing between
  bool nan = false;        // a NaN code is right (with an empty range: the only one)
  latitude why = latitude::none;
  bool holds(dtype code_type, std::uint8_t code) const;
  bool single() const { return !ends_only && (nan ? low > high : low == high); }
};

/// Place of a code that is not NaN among all by value: -0 just below +0; int8: the value.
int rank_of(dtype code_type, std::uint8_t code);
bool is_nan(dtype code_type, std::uint8_t code);

/// The code of `x` under `scale`, which need not be the nominal one: a kernel's codes are held against the
/// scale that it wrote.
std::uint8_t code_of(const policy&, const group_scale&, float scale, double x);
code_set codes_of(const policy&, const group_scale&, float scale, double x);

/// Nominal codes of a whole group; returns its nominal scale.
float encode_group(const policy&, dtype in, std::span<const double> x, std::uint8_t* codes,
                   double ceiling = 0);

/// The smallest power of two that is at least s, by exponent bits: subnormal s gives 2^-126; 0, infinity and
/// NaN stay.
float up_by_bits(float s);
/// 2^ceil(log2 s) with the logarithm rounded to fp32.
float up_by_log2(float s);

/// What a reader makes of a code: code * scale rounded to fp32, then to `out`.
double value_of(dtype code_type, std::uint8_t code, float scale, dtype out);

}  // namespace plumbline::quantize
