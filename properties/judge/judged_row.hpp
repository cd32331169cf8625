// A row under judgement: what is true, what was computed, and what a kernel that honours its contract may do
// to the row and to each element of it.  Where the numbers come from is the business of the operation:
// attention/ fills them from the companions of its truth; an operation without coherent errors leaves those
// at zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "properties/judge/constants.hpp"

namespace plumbline::judging {

/// Shifts at which the coherent rounding of a row is known.
inline constexpr int coherent_shifts = 9;

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
  std::array<double, coherent_shifts> delta{}, slope{};  // coherent rounding at every shift, c0 and c1 off
  double tol_lse = 0;
  double n4 = 1;
  double T1 = 0;                  // weight that may flush to zero
  double eps_bar = 0, eps_l = 0;  // score noise, weighted by P; its effect on the row sum
};

/// One finite element: what is true, what was computed, what may be between them.
struct judged_element {
  std::int64_t column = 0;
  double r = 0, x = 0;
  double S1 = 0, SB = 0, C = 0, max_abs_v = 0, flushed = 0;
  double h = 0;           // rounding of the output
  double s2 = 0, s1 = 0;  // variances
  double beta = 0;        // bounded error of sums
  double rounding = 0;    // rn = RN(r) - r
  double shifted = 0;     // the same where coherent rounding moved r to before it was rounded
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
  std::vector<judged_element> elements;
};

/// Share of a budget that an error uses.  A row that sees no key has no budget (NaN): it is 0 or wrong.
inline double share(double error, double budget) {
  if (error == 0) return 0;
  return budget > 0 ? error / budget : std::numeric_limits<double>::infinity();
}

/// A used share worse than the worst so far: larger, or NaN; NaN stays the worst.
inline bool worse(double used, double worst) { return worst == worst && !(used <= worst); }

/// Sets one_over_nu, rounding_freedom and lambda from the row's elements and `noise.n4`; `effective_columns`
/// bounds how many columns are independent.
void count_freedom(double effective_columns, double u_out, judged_row& row);

}  // namespace plumbline::judging
