// The judge of a stand-alone combine: out = sum_s w_s O_s with w_s = exp(lse_s - lse), merged in fp32.
//
// The partials are exact inputs, so nothing is left but the roundings of a few fp32 products and sums and the
// rounding of the output: sigma^2 = (1.2e-7)^2 sum (w O)^2 + u^2/3 sum P^2, beta = 2.4e-7 (S1 + |r|), where
// the P are the partial sums from the second on, in the order of the splits: each is rounded once to fp32.
// (Without them hundreds of partials of one sign exceed the budget of a correct kernel.)  The normaliser is
// such a chain too; its error is common to all columns of a row.  A weight exp2((lse_s - M) log2 e) also
// inherits the two roundings of its argument, a relative error of 1.2e-7 (M - lse_s), and is 0 where it would
// be subnormal: that decides where the heaviest partial happens to be zero.  H, E and A look at `out`, L at
// `lse`.  A partial whose lse is -inf has weight exactly 0, whatever its values (NaN too).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/core/contract.hpp"

namespace plumbline {

/// Truth of a combine, with what its budget needs.  Element arrays are (rows, dv).
struct combine_truth {
  std::int64_t rows = 0, dv = 0;
  std::vector<double> out;         // r = sum w O; 0 where every partial is empty
  std::vector<double> S1;          // sum w |O|
  std::vector<double> squares;     // sum (w O)^2
  std::vector<double> sums2;       // sum P^2: partial sums of w O in the order of splits, the first left out
  std::vector<double> distant;     // sum of w |O| times the relative error of its weight's argument
  std::vector<double> weights2;    // (rows) the same of the weights alone: rounding of the normaliser
  std::vector<double> spread;      // (rows) the same of the weights alone
  std::vector<double> lse;         // (rows); -inf where every partial is empty
  std::vector<double> largest;     // (rows) M: largest partial lse
  std::vector<std::int64_t> used;  // (rows) S: number of partials that are not empty
};

/// Merges exact partials: `out_partial` is (splits, rows, dv), `lse_partial` (splits, rows), natural log.
combine_truth merge_partials(std::int64_t splits, std::int64_t rows, std::int64_t dv,
                             std::span<const double> out_partial, std::span<const double> lse_partial);

/// Judges out (rows, dv) and lse (rows; empty: none returned).  `name` names a row: "b 2, row 1, h 5".
verdict judge_combine(const combine_truth& truth, const contract& promised, std::span<const double> out,
                      std::span<const double> lse, const std::function<std::string(std::int64_t row)>& name);

}  // namespace plumbline
