// Could this case have failed?
//
// A pass is worth what the check could have seen.  Without any kernel, wrong outputs are made from the truth
// and judged: an entry that lets one of them pass is blind to it and says so.  The rounded truth itself must
// pass: if it does not, the judge is broken.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "properties/judge/attention/judge.hpp"

namespace plumbline {

/// Weight and value of the last visible key of every row of one unit; lets the probe "last key dropped" run.
struct last_key {
  std::vector<double> w;  // (rows) softmax weight, sink not included
  std::vector<double> v;  // (rows, dv), value_scale included
};

/// What one synthetic output showed.
struct probe {
  std::string name;  // "rounded truth", "all zero", "output +1 %", "one row zero", "last key dropped"
  bool must_pass = false;
  bool seen = false;  // the verdict was what it must be
};

/// Judges the synthetic outputs.  `last` is empty or holds one entry a unit.
std::vector<probe> probe_vacuity(std::span<const attention_truth> truth, std::size_t which,
                                 const contract& promised, std::span<const last_key> last = {});

/// Adds a warning for each probe that `probes` shows as unseen; blind to "all zero" makes a pass mistrusted.
void add_vacuity(verdict& v, std::span<const probe> probes);

}  // namespace plumbline
