// How far two evaluations in double of a chain of sums may lie apart.
//
// Each of n sums of at most K terms moves what it is given by (K + 1) 2^-53 of it.  What such a movement does
// to a result is measured rather than bounded link by link: the inputs of the whole chain are moved by 2^-30
// of themselves, up or down, which is far above double's own rounding and still so small that answers follow
// in proportion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumbline::dflash {

/// Doubles moved by 2^-30 of themselves, up or down.
std::vector<double> moved_a_little(std::vector<double>, std::string_view purpose);

/// Results in double of a chain of `sums` sums of at most `terms` terms: `ours`, and `moved` of moved inputs.
struct chain_result {
  std::string name;
  std::vector<double> ours, moved;
  double sums = 1, terms = 1;
  double roundoff = 0x1p-53;  // of what a step rounds
};
/// By how much any element of the results may differ: one number for all of them.
double allowed(const chain_result&);

/// Sums of a chain: the rows of keys (product, norm, rotation), and the whole layer (besides scores, weights,
/// values and the output's product).
inline constexpr double sums_of_keys = 3, sums_of_a_layer = 7;

}  // namespace plumbline::dflash
