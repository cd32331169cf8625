// Facts of a whole unit: how many columns of V are independent, and how many query rows are one and the same.
//
// D_e = 1 / mean cos^2 over pairs of 48 keys spread over the visible sequence, their mean taken off: D for
// random V, 1 when every key points the same way.  With fewer than ten usable pairs there is nothing to
// measure: dv / 4.
#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "reference/attention_companions.hpp"

namespace plumbline::attention_tile {
namespace {

double effective_columns(const attention_unit& unit) {
  std::int64_t low = unit.keys, high = 0;
  for (std::size_t i = 0; i < unit.begin.size(); ++i)
    if (unit.begin[i] < unit.end[i]) low = std::min(low, unit.begin[i]), high = std::max(high, unit.end[i]);
  const std::int64_t count = std::clamp<std::int64_t>(high - low, 0, 48), dv = unit.dv;
  const double unmeasured = std::max(1.0, static_cast<double>(dv) / 4);
  if (count < 2) return unmeasured;

  std::vector<double> v(static_cast<std::size_t>(count * dv)), mean(static_cast<std::size_t>(dv));
  for (std::int64_t i = 0; i < count; ++i) unit.load_v(low + i * (high - low) / count, 1, v.data() + i * dv);
  for (double& x : v)
    if (!std::isfinite(x)) x = 0;  // only some rows may see it
  for (std::int64_t i = 0; i < count * dv; ++i)
    mean[static_cast<std::size_t>(i % dv)] += v[static_cast<std::size_t>(i)] / static_cast<double>(count);
  for (std::int64_t i = 0; i < count * dv; ++i)
    v[static_cast<std::size_t>(i)] -= mean[static_cast<std::size_t>(i % dv)];
  const auto dot = [&](std::int64_t a, std::int64_t b) {
    double sum = 0;
    for (std::int64_t c = 0; c < dv; ++c)
      sum += v[static_cast<std::size_t>(a * dv + c)] * v[static_cast<std::size_t>(b * dv + c)];
    return sum;
  };
  std::vector<double> size2(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) size2[static_cast<std::size_t>(i)] = dot(i, i);
  double sum = 0;
  int pairs = 0;
  for (std::int64_t a = 0; a < count; ++a)
    for (std::int64_t b = 0; b < a; ++b) {
      const double sizes = size2[static_cast<std::size_t>(a)] * size2[static_cast<std::size_t>(b)];
      if (!(sizes > 0) || !std::isfinite(sizes)) continue;
      const double product = dot(a, b);
      sum += product * product / sizes;
      ++pairs;
    }
  return pairs < 10 ? unmeasured : std::clamp(pairs / sum, 1.0, static_cast<double>(dv));
}

std::int64_t duplicate_rows(const attention_unit& unit) {
  constexpr std::int64_t batch = 64;
  std::vector<double> q(static_cast<std::size_t>(batch * unit.dk));
  std::unordered_map<std::uint64_t, std::int64_t> seen;
  std::int64_t most = 1;
  for (std::int64_t row = 0; row < unit.rows; row += batch) {
    const std::int64_t count = std::min(batch, unit.rows - row);
    unit.load_q(row, count, q.data());
    for (std::int64_t i = 0; i < count; ++i) {
      if (unit.begin[static_cast<std::size_t>(row + i)] >= unit.end[static_cast<std::size_t>(row + i)])
        continue;
      std::uint64_t hash = 0xcbf29ce484222325u;
      for (std::int64_t d = 0; d < unit.dk; ++d) {
        hash ^= std::bit_cast<std::uint64_t>(q[static_cast<std::size_t>(i * unit.dk + d)] + 0.0);
        hash = std::rotl(hash * 0x9e3779b97f4a7c15u, 29);
      }
      most = std::max(most, ++seen[hash]);
    }
  }
  return most;
}

}  // namespace

void finish_companions(const attention_unit& unit, attention_truth& truth) {
  truth.effective_columns = effective_columns(unit);
  truth.duplicate_rows = duplicate_rows(unit);
}

}  // namespace plumbline::attention_tile
