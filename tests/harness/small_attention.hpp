// A small attention problem held in memory, and its truth by the definition: the judge's tests need truth and
// companions that owe nothing to the streamed reference.
//
// Everything is computed the plain way, key by key in long double, from the formulas above the companions in
// reference/attention.hpp.  Good for a few hundred keys.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::testing {

struct small_attention {
  std::int64_t rows = 1, keys = 1, dk = 16, dv = 16;
  std::vector<double> q, k, v;           // (rows, dk), (keys, dk), (keys, dv)
  std::vector<std::int64_t> begin, end;  // empty: every row sees every key
  double scale = 0.25, softcap = 0;
  std::vector<double> sink;  // empty, or one logit a row

  std::int64_t first(std::int64_t row) const {
    return begin.empty() ? 0 : begin[static_cast<std::size_t>(row)];
  }
  std::int64_t last(std::int64_t row) const {
    return end.empty() ? keys : end[static_cast<std::size_t>(row)];
  }
};

attention_truth truth_by_definition(const small_attention& problem, std::span<const contract> contracts);

/// The same problem as the reference takes it.
attention_unit unit_of(const small_attention& problem);

}  // namespace plumbline::testing
