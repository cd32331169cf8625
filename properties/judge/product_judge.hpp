// The judge of a matrix product: x = sum over k of a b, perhaps with scales by block, rounded to its output
// type.
//
// Inputs are exact, so what is left is the accumulator, the scaling of its sums, and the rounding of the
// output. Random errors follow S1 = sum |a b|, drifts follow SB = sum over blocks of 128 k of |sum of the
// block|.  An fp32 chain and a tensor core of 25 bits err by 8e-8 S1 and drift by 3.2e-7 SB a 16 k (at least
// 4 of them); the 13 bits of wgmma's fp8, emptied into fp32 every 128 k, err by 6e-5 S1 / sqrt(K / 128) and
// drift by 1.5e-3 SB.  What drifts points along the result, so A allows 6e-4 of it.  One that is never
// emptied drifts with the length of the sum: E and A refuse it on data of one sign, and no test can on data
// of mean zero.
//
// Two facts of the data sharpen or widen that.  A block whose sum fits the accumulator is exact there,
// whatever the order, and has no part in S1 and SB: single products and small integers are held to the
// rounding of their scales.  Beside one large product the others lose what lies below its last bit: `lost`
// and `lost2` take the place of drift and noise where they are more.  H allows every term and partial sum its
// worst, E, R and A look as in attention.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/core/contract.hpp"

namespace plumbline {

/// Truth of a product with what its budget needs.  Element arrays are (rows, columns).
struct product_truth {
  std::int64_t rows = 0, columns = 0;
  std::int64_t terms = 0;      // K: products an element sums
  std::vector<double> out;     // r
  std::vector<double> S1, SB;  // over the blocks that a sum may round in, scales included
  std::vector<double> scaled;  // sum of |block sums|, all blocks, scaled and added in fp32; empty: no scales
  std::int64_t scalings = 0;   // how many such sums an element has
  /// What products lose at most below the accumulator's last bit beside larger ones: |sum|, and sum of
  /// squares; empty: nothing.
  std::vector<double> lost, lost2;
};

/// The formulas of the tests, one line each, with what they come to under each contract.
std::string product_budgets(std::span<const contract>);

/// Judges out (rows, columns) under the product promise and `out_type` of the contract.  `name` names a row:
/// "row 3".
verdict judge_product(const product_truth& truth, const contract& promised, std::span<const double> out,
                      const std::function<std::string(std::int64_t row)>& name);

}  // namespace plumbline
