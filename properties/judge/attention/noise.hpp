// The noise model: what a kernel that honours its contract may do to one row and to one element.
//
// Three kinds of error are kept apart because tests see them differently.  Random and independent: s2 (noise
// of single keys, centred on the output) and s1 (the row sum does not see P's rounding, so the whole row
// scales).  Bounded: h (rounding of the output) and beta (drift of sums, normaliser, merge, keys that flush
// to zero together).  Predictable: when many keys round alike the row is scaled by 1 + c0 and its temperature
// by c1; the reference emulates P on a grid of shifts, the middle of the range is subtracted and D0, D1 pay
// for its width.
//
// What is left, e = x - r - c0 r - c1 C, has the variance tau2.  How many independent columns and keys carry
// it decides how sharp a sum over a row is: D_e (columns), n4 (keys), in 1/nu and lambda.
#pragma once

#include <cstdint>
#include <span>

#include "properties/judge/judged_row.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::judging {

/// `centred` false: nothing is subtracted, for a kernel whose P is more accurate than promised.
row_noise noise_of_row(const attention_truth& truth, std::size_t which, const attention_promise& promised,
                       std::int64_t row, bool centred);

/// True when a contract lets the emulation of coherent P rounding speak, so that E, R and A apply; otherwise
/// H and L judge alone.
bool has_statistics(const attention_promise& promised);

/// Fills `out` with row `row` of a unit; elements whose truth or computed value is not finite are left out.
void judge_row(const attention_truth& truth, std::size_t which, const contract& promised, std::int64_t row,
               std::span<const double> computed_row, bool centred, judged_row& out);

}  // namespace plumbline::judging
