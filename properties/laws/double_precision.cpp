#include "properties/laws/double_precision.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace plumbline::laws {

namespace {

double longest_row(const attention_unit::loader& load, std::int64_t count, std::int64_t width) {
  std::vector<double> rows(static_cast<std::size_t>(count * width));
  if (rows.empty()) return 0;
  load(0, count, rows.data());
  double most = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    double sum = 0;
    for (std::int64_t c = 0; c < width; ++c) {
      const double x = rows[static_cast<std::size_t>(i * width + c)];
      sum += x * x;
    }
    most = std::max(most, sum);
  }
  return std::sqrt(most);
}

}  // namespace

double score_reach(const attention_unit& unit) {
  return std::fabs(unit.score_scale) * longest_row(unit.load_q, unit.rows, unit.dk) *
         longest_row(unit.load_k, unit.keys, unit.dk);
}

evaluation_slack slack_of(const attention_unit& unit, double unit_roundoff) {
  const double steps =
      std::sqrt(static_cast<double>(unit.keys)) + std::sqrt(static_cast<double>(unit.dk)) + 16;
  return {unit_roundoff * steps * (1 + score_reach(unit))};
}

}  // namespace plumbline::laws
