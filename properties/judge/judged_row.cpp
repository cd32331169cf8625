#include "properties/judge/judged_row.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/core/formats.hpp"

namespace plumbline::judging {
namespace {

/// Columns that are independent as far as equal outputs tell: equal values round alike.
double distinct_columns(std::vector<judged_element> const& elements, double u_out) {
  std::vector<double> sizes;
  sizes.reserve(elements.size());
  for (const judged_element& one : elements) sizes.push_back(std::fabs(one.r));
  std::sort(sizes.begin(), sizes.end());
  double squares = 0;
  for (std::size_t i = 0; i < sizes.size();) {
    std::size_t j = i;
    while (j < sizes.size() && sizes[j] - sizes[i] <= sizes[j] * u_out * cluster_width) ++j;
    squares += static_cast<double>(j - i) * static_cast<double>(j - i);
    i = j;
  }
  const double count = static_cast<double>(elements.size());
  return count * count / squares;
}

}  // namespace

void count_freedom(double effective_columns, double u_out, judged_row& row) {
  double share2 = 0, share1 = 0;
  for (const judged_element& one : row.elements)
    if (one.tau2 > 0) {
      share2 += one.s2 / one.tau2;
      share1 += one.s1 / one.tau2;
    }
  share2 /= static_cast<double>(row.elements.size());
  share1 /= static_cast<double>(row.elements.size());
  const double D_e =
      std::clamp(std::min(effective_columns, distinct_columns(row.elements, u_out)), 1.0, row.columns);
  const double keys = std::max(row.noise.n4, 1.0), rest = 1 - share2 - share1;
  row.rounding_freedom = rest * rest / D_e;
  row.one_over_nu = row.rounding_freedom + share2 * share2 * (1 / D_e + 1 / keys) + share1 * share1;
  row.lambda = row.columns / D_e * (1 + share2 * D_e / keys);
}

}  // namespace plumbline::judging
