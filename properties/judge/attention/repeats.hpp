// Rows that round alike: what many rows of nearly one value can say about a scale.
//
// Rows of one unit read the same V.  Where their weights are almost the same (flat scores, two keys, tiny
// inputs) their outputs are almost one value, a column apart, and the rounding to the output type falls the
// same way in all of them: a thousand rows then carry the rounding errors of one.  Nor does it help to know
// how the truth rounds: the mean of two bf16 values is a tie, which the last bits of P decide for all rows at
// once.  So wherever rows are pooled, the variance of output rounding is multiplied by
//
//   1 + 2 sum over distances d of (1 - d / R) rho(d)
//
// where rho(d) is the share of elements that nearly agree with the one d rows further: the variance of a sum
// of R equal terms when all agree, of R independent ones when none does.  "Nearly" is as for equal columns:
// within 1/16 of a rounding step.  Values are compared as they are and as they come out when P rounds
// coherently, since a kernel that loses the temperature makes rows equal that the truth keeps apart.  rho is
// sampled at two distances in each octave and the larger one stands for the octave: rows are ordered token by
// token, so those that agree are neighbours (heads of a token) or everywhere.
#pragma once

#include "reference/attention.hpp"

namespace plumbline::judging {

/// Factor on the pooled variance of output rounding: 1 (no two rows agree) to the number of rows.
double repeats_of(const attention_truth& truth, std::size_t which, double u_out);

}  // namespace plumbline::judging
