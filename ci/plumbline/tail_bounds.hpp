// Bounds on how often chance makes a sum as large as the one that was seen.
//
// Both are Chernoff's, exp(-s t) E exp(s T) with the best s, where the expectation is no approximation but
// the exact one of the draw.  So they hold for every number of cases, with ties and whatever the scores are;
// a normal approximation does not that far out.  They exceed the probability by a factor of ten or so where
// that is one in a million, and by none where the sum is the largest there is.
#pragma once

#include <cstddef>
#include <vector>

namespace plumbline::program {

/// Natural logarithm of a bound on P(T >= sum), T being the sum of `taken` of the scores drawn without
/// replacement.  E exp(s T) is the elementary symmetric polynomial of degree `taken` in exp(s score), over
/// that in ones.  0 where the sum is not above its mean.
double log_tail_of_draw(const std::vector<double>& scores, std::size_t taken, double sum);

/// ... T being the sum of all sizes (not negative), each with a sign by the flip of a coin.  E exp(s T) is
/// the product of cosh(s size).
double log_tail_of_signs(const std::vector<double>& sizes, double sum);

}  // namespace plumbline::program
