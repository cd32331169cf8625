// The worst element of a bound: which one uses the largest share of the sum of its parts.
//
// H and E of the judges that are no attention: a judge makes the parts of an element's budget, this keeps the
// worst of them and words it.
#pragma once

#include <string>
#include <vector>

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

class element_bound {
 public:
  /// `test`: "H" or "E".
  explicit element_bound(std::string test) : test_(std::move(test)) {}
  /// Adds an element with its budget; returns the share that |e| uses of it.
  double add(std::int64_t row, const judged_element& one, std::vector<budget_part> parts);
  finding finish(const row_name& name) const;

 private:
  std::string test_;
  double used_ = 0, computed_ = 0, truth_ = 0;
  place where_;
  std::vector<budget_part> budget_;
};

}  // namespace plumbline::judging
