// The judge of filtered tokens: bias + sum of weight z, perhaps through silu, in fp32, rounded once.
//
// A filter has at most four taps, so there is nothing to average and the bound is the worst case, derived:
// each fused multiply-add rounds a sum that is at most S = |bias| + sum of |weight z|, so y errs by W u S
// with u = 2^-24.  silu(y) = y s, s = 1 / (1 + e^-y): the slope of silu is at most s (1 + |y| (1 - s)) and
// its curvature at most 1/2, which carries the error of y; the exponent's rounding moves e^-y by |y| (2 u +
// the error of log2 e), its exp2 by e_exp, and both count by the share 1 - s that e^-y has of the
// denominator; sum and quotient round once each.  Where e^-y leaves the range of fp32 the result is 0 for a
// number below 1e-36.  All else is half an ulp of the output, so for 16-bit outputs nearly every element is
// demanded to be the correctly rounded one.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "properties/judge/verdict.hpp"
#include "reference/conv1d.hpp"

namespace plumbline::conv1d {

/// Error of an element before its output is rounded, in the worst case.
struct filter_error {
  double sums = 0, silu = 0;
};
filter_error worst_error(const filter_shape&, double y, double size);

/// Judges the compared elements of `computed`, in the order of the truth.  `name` names an element: "sequence
/// 2, token 5, channel 7".
verdict judge_filtered(const filter_shape&, const filter_truth&, std::span<const double> computed,
                       const std::function<std::string(std::int64_t element)>& name);

}  // namespace plumbline::conv1d
