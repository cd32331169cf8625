#include "properties/laws/sums_in_double.hpp"

#include <algorithm>
#include <cmath>

#include "properties/laws/double_precision.hpp"

namespace plumbline::laws {

namespace {
constexpr double u = unit_roundoff(dtype::f64);
}

std::vector<double> sum_slack(std::int64_t terms, std::span<const double> sizes) {
  std::vector<double> slack(sizes.begin(), sizes.end());
  for (double& one : slack) one = 2 * static_cast<double>(terms + 1) * u * one + 0x1p-1000;
  return slack;
}

std::vector<double> rotation_slack(std::span<const double> sizes) { return sum_slack(2, sizes); }

std::vector<double_result> product_in_double(const std::string& name, std::span<const std::int64_t> shape,
                                             std::int64_t terms, std::span<const double> out,
                                             std::span<const double> S1, std::span<const double> SB) {
  std::vector<double_result> all;
  all.push_back(double_of("truth_" + name, shape, out, sum_slack(terms, S1)));
  all.push_back(double_of("companion_S1_" + name, shape, S1, sum_slack(terms, S1)));
  if (!SB.empty()) all.push_back(double_of("companion_SB_" + name, shape, SB, sum_slack(terms, S1)));
  return all;
}

std::vector<double_result> merged_in_double(std::span<const std::int64_t> out_shape,
                                            std::span<const std::int64_t> lse_shape, std::int64_t splits,
                                            std::span<const double> out, std::span<const double> S1,
                                            std::span<const double> lse,
                                            std::span<const double> lse_partials) {
  double largest = 0;
  for (const double one : lse_partials)
    if (std::isfinite(one)) largest = std::max(largest, std::fabs(one));
  const evaluation_slack slack{u * (std::sqrt(static_cast<double>(splits)) + 16) * (1 + largest)};
  std::vector<double> of_out(out.size()), of_S1(out.size()), of_lse(lse.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    of_out[i] = slack.out(S1[i], out[i]), of_S1[i] = slack.out(S1[i], S1[i]);
  for (std::size_t i = 0; i < lse.size(); ++i) of_lse[i] = slack.lse(lse[i]);
  std::vector<double_result> all;
  all.push_back(double_of("truth_out", out_shape, out, std::move(of_out)));
  all.push_back(double_of("truth_lse", lse_shape, lse, std::move(of_lse)));
  all.push_back(double_of("companion_S1", out_shape, S1, std::move(of_S1)));
  return all;
}

}  // namespace plumbline::laws
