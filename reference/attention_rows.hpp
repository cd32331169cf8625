// Where the work of attention lies: tiles of rows, their panels of eight, their pages of 64 keys, and the
// chunks of pages that threads share.  All of it follows from the shape of a unit alone, never from the
// number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reference/attention.hpp"
#include "reference/attention_buffer.hpp"
#include "reference/attention_tile.hpp"

namespace plumbline::attention_tile {

constexpr std::int64_t round_up(std::int64_t x, std::int64_t step) { return (x + step - 1) / step * step; }

/// Rows of one unit that are computed together.
struct row_tile {
  const attention_unit* unit = nullptr;
  attention_truth* truth = nullptr;
  std::int64_t first_row = 0, rows = 0;
  int panels = 0;
  std::int64_t low = 0, high = 0;        // keys that some row sees lie in [low, high)
  std::int64_t origin = 0, slots = 0;    // slot = key - origin; origin and slots are multiples of a page
  std::vector<std::int64_t> begin, end;  // visible slots of each row, padding rows none
  std::vector<std::int64_t> panel_begin, panel_end;  // their hulls
  std::int64_t chunk_pages = 1;
  int chunks = 1;

  row_tile() = default;
  row_tile(const attention_unit& u, attention_truth& t, std::int64_t row, std::int64_t count,
           std::int64_t least_chunk);
  std::int64_t pages() const { return slots / page_keys; }
  bool sees(int panel, std::int64_t slot, std::int64_t count) const {
    const auto p = static_cast<std::size_t>(panel);
    return panel_begin[p] < slot + count && slot < panel_end[p];
  }
};

/// What one thread works in.  Sized for the widest unit of a call.
struct workspace {
  buffer q, k, v, v_size, v_square;
  std::vector<buffer> page;  // page-sized arrays of a pair of panels, for whoever needs them
};

/// Rows of q of a tile as panels q[panel][d][8]; padding rows are zero.
void load_panels(const row_tile& tile, double* scratch, double* q);

/// Slots of a page that the tile may read, relative to the page.
struct page_range {
  int first, last;
};
inline page_range readable(const row_tile& tile, std::int64_t slot) {
  const std::int64_t first = std::clamp<std::int64_t>(tile.low - tile.origin - slot, 0, page_keys);
  const std::int64_t last = std::clamp<std::int64_t>(tile.high - tile.origin - slot, 0, page_keys);
  return {static_cast<int>(first), static_cast<int>(last)};
}

/// Visible slots of a pair of panels relative to a page, as the tile functions take them.
void page_limits(const row_tile& tile, int panel, int panels, std::int64_t slot, double* begin, double* end);

/// product() for a page whose V holds NaN or infinity: each row takes its own visible slots alone, because a
/// weight of zero does not silence a NaN.
void product_row_by_row(const row_tile& tile, int panel, std::int64_t slot, const product_call& call);

}  // namespace plumbline::attention_tile
