// The theta grid: by how much P can stand higher when a kernel rounds it than it does against the final
// maximum.
//
// A streaming kernel subtracts the maximum so far, a split kernel that of its split: theta = (s_max - that
// maximum) log2 e >= 0.  Nine values span the legitimate ones: 0; maxima of the first 16, 128, 1024 visible
// keys; of the last 64 and 256; lowest and median maximum of aligned 16-key blocks; lowest of aligned 64-key
// blocks.  With an integer shift every maximum is first rounded up to a whole power of two.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "reference/attention_companion_state.hpp"

namespace plumbline::attention_tile {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t block = 16;

double largest(const double* s, std::int64_t begin, std::int64_t end) {
  double m = -infinity;
  for (std::int64_t i = begin; i < end; ++i) m = std::max(m, s[i * panel_rows]);
  return m;
}

/// The nine maxima of a row; the first is the row's own.
std::array<double, thetas> row_maxima(const companion_state& state, std::int64_t row, double m,
                                      std::vector<double>& blocks) {
  const auto at = static_cast<std::size_t>(row);
  const std::int64_t begin = state.tile.begin[at], end = state.tile.end[at];
  const int panel = static_cast<int>(row / panel_rows);
  const double* s = state.panel_scores(panel) + row % panel_rows;
  const double* maxima =
      state.block_max.data() + panel * (state.tile.slots / block) * panel_rows + row % panel_rows;
  const auto front = [&](std::int64_t count) { return largest(s, begin, std::min(end, begin + count)); };
  const auto back = [&](std::int64_t count) { return largest(s, std::max(begin, end - count), end); };

  blocks.clear();
  double lowest_page = infinity;
  for (std::int64_t b = begin / block; b * block < end;) {
    double page = -infinity;
    const std::int64_t page_end = (b * block / page_keys + 1) * page_keys;
    for (; b * block < std::min(end, page_end); ++b) {
      blocks.push_back(maxima[b * panel_rows]);
      page = std::max(page, blocks.back());
    }
    lowest_page = std::min(lowest_page, page);
  }
  const double lowest = *std::min_element(blocks.begin(), blocks.end());
  const auto middle = blocks.begin() + static_cast<std::ptrdiff_t>(blocks.size() / 2);
  std::nth_element(blocks.begin(), middle, blocks.end());
  return {m, front(16), front(128), front(1024), back(64), back(256), lowest, *middle, lowest_page};
}

void merge_stats(companion_state& state) {
  const std::int64_t lanes = state.layout.lanes;
  for (std::int64_t i = 0; i < lanes; ++i) {
    double m = -infinity, l = 0, t_sum = 0;
    for (const buffer& b : state.stats) m = std::max(m, b.data()[i]);
    for (const buffer& b : state.stats) {
      const double own = b.data()[i], own_l = b.data()[lanes + i], own_t = b.data()[2 * lanes + i];
      const double factor = own == m ? 1.0 : std::exp(own - m);
      l += factor * own_l;
      t_sum += factor * (own_l == 0 || own == m ? own_t : own_t + own_l * (own - m));
    }
    state.fact(fact_m)[i] = m;
    state.fact(fact_l)[i] = l;
    state.fact(fact_inverse_l)[i] = l == 0 ? 0.0 : 1 / l;
    state.fact(fact_t_mean)[i] = l == 0 ? 0.0 : t_sum / l;
  }
}

}  // namespace

void merge_scores(companion_state& state) {
  merge_stats(state);
  const row_tile& tile = state.tile;
  std::vector<double> blocks;
  for (std::size_t which = 0; which < state.contracts.size(); ++which) {
    std::fill_n(state.up(which, 0), 2 * thetas * state.layout.lanes, 1.0);
    std::fill_n(state.score_noise(which, 0), 2 * state.layout.lanes, 0.0);
  }
  for (std::int64_t row = 0; row < tile.rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    if (tile.begin[at] >= tile.end[at]) continue;
    const double m = state.fact(fact_m)[row];
    const std::array<double, thetas> maxima = row_maxima(state, row, m, blocks);
    const int panel = static_cast<int>(row / panel_rows);
    const auto lane = static_cast<std::size_t>(row % panel_rows);
    for (std::size_t which = 0; which < state.contracts.size(); ++which) {
      const emulation& e = state.contracts[which];
      const double scale = e.promised.p_scale;
      for (std::size_t t = 0; t < thetas; ++t) {
        const double own = m * std::numbers::log2e, other = maxima[t] * std::numbers::log2e;
        double theta = own - (e.promised.shift == p_shift::integer ? std::ceil(other) : other);
        if (t == 0 && e.promised.shift != p_shift::integer) theta = 0;
        constexpr double most = 1000;  // keeps 2^theta finite; such keys keep theta 0 anyway
        const double power = std::isfinite(theta) ? std::exp2(std::clamp(theta, -1.0, most)) : 1.0;
        state.up(which, panel)[t * panel_rows + lane] = power * scale;
        state.down(which, panel)[t * panel_rows + lane] = 1 / (power * scale);
      }
      state.score_noise(which, panel)[lane] = e.c_acc * std::fabs(tile.unit->score_scale) * state.q_norm[at];
      state.half_step(which, panel)[lane] = e.half_step / state.up(which, panel)[lane];
    }
  }
}

}  // namespace plumbline::attention_tile
