// Which cases of a row can be compared with each other.
//
// The errors of two cases differ by their inputs more than by anything a kernel does: an output in bf16 uses
// all of its budget, the same one in f32 a tenth; one key is exact, two are not.  What makes cases alike is
// known by name, their regime and their coverage classes, but not which of these matter for this row.  So
// that is learnt from the cases themselves: a tree divides them by the trait that parts large values from
// small ones best, then each half again, while five are left on either side.  One tree would be cut by
// accidents; there are forty, and at each cut a tree is shown a fifth of the traits, drawn at random (a
// random forest: Breiman, Machine Learning 45, 2001).
//
// The trees never learn which run a case is from.  That is what keeps a comparison within their groups
// honest, however well or badly they divide.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace plumbline::program {

/// Numbers of one metric: of each case its traits (regime and coverage classes) and the value.
struct measured {
  std::vector<std::vector<std::string>> traits;
  std::vector<double> values;
};

/// Some alike cases, by their place in `measured`, with the share of their pairs whose order a rise by
/// `rise_to_see` of one of the two turns round.
struct alike {
  std::vector<std::size_t> cases;
  double weight = 0;
};
/// Groups in which all values are the same, so that no order is, are left out.  Values are finite and not
/// negative.  The order of the cases changes nothing but that of the groups' members.
std::vector<alike> alike_cases(const measured&);

/// What the comparison is to be best at.  Whatever it is, no false alarm depends on it.
inline constexpr double rise_to_see = 1.3;

}  // namespace plumbline::program
