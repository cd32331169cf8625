// By how much two evaluations in double of a short sum may differ.
//
// A sum of n products rounded in double errs by at most (n + 1) u of the sum of sizes, u = 2^-53, in whatever
// order (reference/product.hpp); so two differ by at most twice that.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "properties/in_double.hpp"

namespace plumbline::laws {

/// Of sums of `terms` products whose sizes add up to `sizes`.
std::vector<double> sum_slack(std::int64_t terms, std::span<const double> sizes);
/// Of x cos - y sin, |x| + |y| = `sizes`: two products and a difference.
std::vector<double> rotation_slack(std::span<const double> sizes);

/// truth_NAME with companion_S1 (and companion_SB, where not empty) of a product with `terms` products a sum;
/// companions lie as their own (rows, columns) where NAME's is another shape.
std::vector<double_result> product_in_double(const std::string& name, std::span<const std::int64_t> shape,
                                             std::int64_t terms, std::span<const double> out,
                                             std::span<const double> S1, std::span<const double> SB);

/// truth_out, truth_lse and companion_S1 of partials merged by their log-sum-exp.  A weight exp(lse_s - lse)
/// is known to u (1 + largest |lse_s|) of itself.
std::vector<double_result> merged_in_double(std::span<const std::int64_t> out_shape,
                                            std::span<const std::int64_t> lse_shape, std::int64_t splits,
                                            std::span<const double> out, std::span<const double> S1,
                                            std::span<const double> lse,
                                            std::span<const double> lse_partials);

}  // namespace plumbline::laws
