// From tensors to the units that the judge of attention knows.
#pragma once

#include <span>
#include <vector>

#include "properties/judge/attention/judge.hpp"
#include "properties/judge/attention/stages.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

/// What a kernel computed, unit by unit in their row order, decoded exactly.  `units` are the reference's or
/// their truth; `place(unit, row)` says where a row lies in `out` (rows of dv) and `lse` (null: none).
template <class Units, class Place>
std::vector<attention_output> outputs_by_unit(const Units& units, std::int64_t dv, const tensor& out,
                                              const tensor* lse, Place place) {
  const std::vector<double> values = out.values(), sums = lse ? lse->values() : std::vector<double>{};
  std::vector<attention_output> all(units.size());
  for (std::size_t u = 0; u < units.size(); ++u)
    for (std::int64_t row = 0; row < units[u].rows; ++row) {
      const auto at = place(u, row);
      const auto first = values.begin() + at.out_row * dv;
      all[u].out.insert(all[u].out.end(), first, first + dv);
      if (lse) all[u].lse.push_back(sums[static_cast<std::size_t>(at.lse)]);
    }
  return all;
}

/// The stages of a call whose rows lie where `place(unit, row)` says; see judge_stages.
template <class Place>
std::vector<stage_verdict> stages_by_unit(std::span<const attention_unit> units, std::int64_t dv,
                                          const contract& promised, const tap_record& taps, const tensor& out,
                                          const tensor* lse, Place place, bool listed = false) {
  const std::vector<attention_output> computed = outputs_by_unit(units, dv, out, lse, place);
  return judge_stages({units, [&](std::size_t u, std::int64_t row) { return place(u, row).out_row; },
                       promised, taps, computed,
                       [&](std::size_t u, std::int64_t row) { return name_of(place(u, row)); }, listed});
}

}  // namespace plumbline
