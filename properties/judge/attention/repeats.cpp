#include "properties/judge/attention/repeats.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "properties/judge/constants.hpp"

namespace plumbline::judging {
namespace {

constexpr std::int64_t most_anchors = 32, most_columns = 64;

/// Place k of a sequence that fills [0, count) evenly without a period that rows could share.
std::int64_t spread(std::int64_t k, std::int64_t count) {
  constexpr std::uint32_t golden_ratio = 0x9e3779b9;
  const auto turn = static_cast<std::uint32_t>(k) * golden_ratio;
  return static_cast<std::int64_t>((static_cast<double>(turn) * 0x1p-32) * static_cast<double>(count));
}

class sampler {
 public:
  sampler(const attention_truth& truth, std::size_t which, double u_out)
      : truth_(truth), companions_(truth.contracts[which]), width_(u_out * cluster_width) {}

  /// Share of sampled elements that nearly agree with those `distance` rows further; zeros say nothing.
  double agreement(std::int64_t distance) const {
    const std::int64_t room = truth_.rows - distance, anchors = std::min(room, most_anchors),
                       columns = std::min(truth_.dv, most_columns);
    double agreeing = 0, pairs = 0;
    for (std::int64_t k = 0; k < anchors; ++k)
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t row = spread(k, room), column = c * truth_.dv / columns;
        const element a = at(row, column), b = at(row + distance, column);
        if (a.plain == 0 && b.plain == 0) continue;
        agreeing += nearly(a.plain, b.plain) || nearly(a.coherent, b.coherent) ? 1 : 0;
        pairs += 1;
      }
    return pairs > 0 ? agreeing / pairs : 0;
  }

 private:
  /// A value as it is, and with P rounded coherently.
  struct element {
    double plain, coherent;
  };

  element at(std::int64_t row, std::int64_t column) const {
    const contract_companions::row& facts = companions_.rows[static_cast<std::size_t>(row)];
    const auto i = static_cast<std::size_t>(row * truth_.dv + column);
    const double r = truth_.out[i], moved = r + facts.delta[0] * r + facts.b[0] * truth_.C[i];
    return {r, std::isfinite(moved) ? moved : r};
  }

  bool nearly(double a, double b) const {
    return std::fabs(a - b) <= std::max(std::fabs(a), std::fabs(b)) * width_;
  }

  const attention_truth& truth_;
  const contract_companions& companions_;
  double width_;
};

}  // namespace

double repeats_of(const attention_truth& truth, std::size_t which, double u_out) {
  const sampler sample(truth, which, u_out);
  const auto R = static_cast<double>(truth.rows);
  double factor = 1;
  for (std::int64_t begin = 1; begin < truth.rows; begin *= 2) {
    const std::int64_t end = std::min(2 * begin, truth.rows), between = begin + (end - begin) / 2;
    const auto low = static_cast<double>(begin), high = static_cast<double>(end);
    const double pairs = (high - low) * (2 - (low + high - 1) / R);
    factor += pairs * std::max(sample.agreement(begin), between > begin ? sample.agreement(between) : 0.0);
  }
  return factor;
}

}  // namespace plumbline::judging
