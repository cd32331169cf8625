#include "properties/dflash/chain_error.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/random.hpp"

namespace plumbline::dflash {

std::vector<double> moved_a_little(std::vector<double> values, std::string_view purpose) {
  random_stream side(1, purpose);
  for (double& x : values) x *= side.chance(0.5) ? 1 + 0x1p-30 : 1 - 0x1p-30;
  return values;
}

double allowed(const chain_result& chain) {
  double growth = 0;
  for (std::size_t i = 0; i < chain.ours.size(); ++i)
    growth = std::max(growth, std::fabs(chain.moved[i] - chain.ours[i]) / 0x1p-30);
  return 2 * chain.sums * (chain.terms + 1) * chain.roundoff * growth;
}

}  // namespace plumbline::dflash
