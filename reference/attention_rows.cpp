#include "reference/attention_rows.hpp"

#include <cmath>

namespace plumbline::attention_tile {

row_tile::row_tile(const attention_unit& u, attention_truth& t, std::int64_t row, std::int64_t count,
                   std::int64_t least_chunk)
    : unit(&u), truth(&t), first_row(row), rows(count), panels(static_cast<int>((count + 7) / panel_rows)) {
  low = u.keys;
  for (std::int64_t i = row; i < row + count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (u.begin[at] >= u.end[at]) continue;
    low = std::min(low, u.begin[at]);
    high = std::max(high, u.end[at]);
  }
  low = std::min(low, high);
  origin = low / page_keys * page_keys;
  slots = round_up(high - origin, page_keys);
  begin.assign(static_cast<std::size_t>(panels * panel_rows), 0);
  end = begin;
  panel_begin.assign(static_cast<std::size_t>(panels), slots);
  panel_end.assign(static_cast<std::size_t>(panels), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i), from = static_cast<std::size_t>(row + i);
    if (u.begin[from] >= u.end[from]) continue;
    begin[at] = u.begin[from] - origin;
    end[at] = u.end[from] - origin;
    panel_begin[at / panel_rows] = std::min(panel_begin[at / panel_rows], begin[at]);
    panel_end[at / panel_rows] = std::max(panel_end[at / panel_rows], end[at]);
  }
  constexpr std::int64_t most_chunks = 16;
  const std::int64_t chunk =
      std::max(least_chunk, round_up((slots + most_chunks - 1) / most_chunks, page_keys));
  chunk_pages = chunk / page_keys;
  chunks = static_cast<int>(std::max<std::int64_t>(1, (pages() + chunk_pages - 1) / chunk_pages));
}

void load_panels(const row_tile& tile, double* scratch, double* q) {
  const std::int64_t dk = tile.unit->dk;
  tile.unit->load_q(tile.first_row, tile.rows, scratch);
  for (int panel = 0; panel < tile.panels; ++panel)
    for (int lane = 0; lane < panel_rows; ++lane) {
      const std::int64_t row = static_cast<std::int64_t>(panel) * panel_rows + lane;
      for (std::int64_t d = 0; d < dk; ++d)
        q[(panel * dk + d) * panel_rows + lane] = row < tile.rows ? scratch[row * dk + d] : 0.0;
    }
}

void page_limits(const row_tile& tile, int panel, int panels, std::int64_t slot, double* begin, double* end) {
  for (int i = 0; i < panels * panel_rows; ++i) {
    const auto row = static_cast<std::size_t>(panel * panel_rows + i);
    begin[i] = static_cast<double>(tile.begin[row] - slot);
    end[i] = static_cast<double>(tile.end[row] - slot);
  }
}

void product_row_by_row(const row_tile& tile, int panel, std::int64_t slot, const product_call& call) {
  std::vector<double> sum(static_cast<std::size_t>(call.columns));
  for (int i = 0; i < call.panels * panel_rows; ++i) {
    const auto row = static_cast<std::size_t>(panel * panel_rows + i);
    const std::int64_t first = std::max<std::int64_t>(call.first, tile.begin[row] - slot);
    const std::int64_t last = std::min<std::int64_t>(call.last, tile.end[row] - slot);
    std::fill(sum.begin(), sum.end(), 0.0);
    const double* weight = call.b + i / panel_rows * page_size + i % panel_rows;
    const std::int64_t at = i / panel_rows * call.columns * panel_rows + i % panel_rows;
    for (std::int64_t key = first; key < last; ++key)
      for (std::int64_t c = 0; c < call.columns; ++c)
        sum[static_cast<std::size_t>(c)] = std::fma(call.a[key * call.columns + c], weight[key * panel_rows],
                                                    sum[static_cast<std::size_t>(c)]);
    for (std::int64_t c = 0; c < call.columns; ++c) {
      const double x = sum[static_cast<std::size_t>(c)];
      call.target[at + c * panel_rows] += x;
      if (call.magnitudes) call.magnitudes[at + c * panel_rows] += std::fabs(x);
    }
  }
}

}  // namespace plumbline::attention_tile
