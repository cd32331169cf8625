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

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "properties/judge/constants.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::judging {

/// Noise of a row, whatever the column.
struct row_noise {
  double keys = 0;    // n
  double fs = 1;      // share of the normaliser that is not the sink's
  double groups = 4;  // G
  double c_dr = 0;
  double V0 = 0, Vb = 0;  // variance of the common mode and of the temperature mode
  double c0 = 0, c1 = 0;  // centred shift and temperature
  double D0 = 0, D1 = 0;  // their allowances
  double D0_sink = 0;     // the part of D0 that the sink adds
  double D1_score = 0;    // the part of D1 that scores and exp add
  std::array<double, theta_count> delta{}, slope{};  // coherent rounding of P at every shift, c0 and c1 off
  double tol_lse = 0;
  double n4 = 1;
};

/// `centred` false: nothing is subtracted, for a kernel whose P is more accurate than promised.
row_noise noise_of_row(const attention_truth& truth, std::size_t which, const contract& promised,
                       std::int64_t row, bool centred);

/// One finite element: what is true, what was computed, what may be between them.
struct judged_element {
  std::int64_t column = 0;
  double r = 0, x = 0;
  double S1 = 0, SB = 0, C = 0, max_abs_v = 0, flushed = 0;
  double h = 0;           // rounding of the output
  double s2 = 0, s1 = 0;  // variances
  double beta = 0;        // bounded error of sums
  double rounding = 0;    // rn = RN(r) - r
  double e = 0;           // x - r - c0 r - c1 C
  double dither = 0;      // variance of the output's rounding
  double tau0_2 = 0, tau2 = 0;
};

/// One row with at least one finite element.
struct judged_row {
  std::size_t unit = 0;
  std::int64_t row = 0;
  double columns = 0;  // d_v
  double one_over_nu = 1, lambda = 1;
  double rounding_freedom = 0;  // the part of one_over_nu that output rounding makes
  double duplicates = 1;        // m_dup of the unit
  double repeats = 1;           // rows of the unit that round alike (repeats.hpp); the caller's to set
  row_noise noise;
  contract_companions::row facts;
  std::vector<judged_element> elements;
};

/// Share of a budget that an error uses.  A row that sees no key has no budget (NaN): it is 0 or wrong.
inline double share(double error, double budget) {
  if (error == 0) return 0;
  return budget > 0 ? error / budget : std::numeric_limits<double>::infinity();
}

/// A used share worse than the worst so far: larger, or NaN; NaN stays the worst.
inline bool worse(double used, double worst) { return worst == worst && !(used <= worst); }

/// True when a contract lets the emulation of coherent P rounding speak, so that E, R and A apply; otherwise
/// H and L judge alone.
bool has_statistics(const contract& promised);

/// Sets one_over_nu, rounding_freedom and lambda from the row's elements and `noise.n4`; `effective_columns`
/// bounds how many columns are independent.
void count_freedom(double effective_columns, double u_out, judged_row& row);

/// Fills `out` with row `row` of a unit; elements whose truth or computed value is not finite are left out.
void judge_row(const attention_truth& truth, std::size_t which, const contract& promised, std::int64_t row,
               std::span<const double> computed_row, bool centred, judged_row& out);

}  // namespace plumbline::judging
