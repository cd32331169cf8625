// H, the hard bound: no kernel that honours its contract can be further away.
//
// Rounding P moves every term by at most u_P, accumulation by at most c_hard G, the output rounding by h, a
// key that flushes to zero by its whole weight: all worst cases, all relative to S1 = sum w |v|.  Errors of
// scores are random and have no worst case worth stating; six standard deviations, doubled, stand for it.
// For V of mean zero E is sharper by about sqrt(n) / 4; H needs no assumption about how P is shifted.
#pragma once

#include <vector>

#include "properties/judge/attention/noise.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

/// The hard bound at one element, part by part.
std::vector<budget_part> hard_budget(const judged_row& row, const judged_element& one,
                                     const attention_promise& promised, double head_dim, double softcap);

class hard_test {
 public:
  hard_test(const attention_promise& promised) : promised_(promised) {}
  /// Adds a row; `used[k]` becomes the part of the bound that element k uses.
  void add(const judged_row& row, double head_dim, double softcap, std::vector<double>& used);
  finding finish(const row_name& name) const;
  double used() const { return used_; }

 private:
  attention_promise promised_;
  double used_ = 0, computed_ = 0, truth_ = 0;
  place where_;
  std::vector<budget_part> budget_;
};

}  // namespace plumbline::judging
