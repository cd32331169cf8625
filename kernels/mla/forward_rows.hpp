// Rows that a forward moves between its steps: from tensors of tokens into caches, pages and joined rows.
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows (sequence, token, head) of 16-bit elements.  Strides in elements; a head stride of 0 repeats a row.
struct placed_rows {
  void* data;
  std::int64_t batch, token, head;
};

/// Copies b * tokens * heads rows of `width` elements.
void launch_place_rows(const placed_rows& from, const placed_rows& to, std::int64_t b, std::int64_t tokens,
                       std::int64_t heads, std::int64_t width, launcher& on);

/// Writes 0, 1, ... to `numbers` and `length` to `lengths`.
void launch_number_pages(std::int32_t* numbers, std::int64_t count, std::int32_t* lengths, std::int64_t b,
                         std::int64_t length, launcher& on);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
