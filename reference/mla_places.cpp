#include "reference/mla_places.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "reference/core/bulk_decode.hpp"

namespace plumbline::mla {

void load_rows(const tensor& t, std::span<const std::int64_t> offsets, std::int64_t width, double* out) {
  for (const std::int64_t offset : offsets) {
    decode_row(t.type(), element(t, offset), width, out);
    out += width;
  }
}

attention_unit::loader rows_at(const tensor& t, std::vector<std::int64_t> offsets, std::int64_t width) {
  return [&t, offsets = std::move(offsets), width](std::int64_t first, std::int64_t count, double* out) {
    load_rows(t, std::span(offsets).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
              width, out);
  };
}

std::vector<std::int64_t> paged_offsets(const tensor& pages, const tensor& block_table, std::int64_t sequence,
                                        std::int64_t count, std::int64_t head) {
  const std::int64_t page_size = pages.dim(1);
  std::vector<std::int64_t> offsets;
  offsets.reserve(static_cast<std::size_t>(count));
  for (std::int64_t slot = 0; slot < count; ++slot) {
    const std::int64_t entry[] = {sequence, slot / page_size};
    const auto page = static_cast<std::int64_t>(block_table.value(block_table.offset(entry)));
    const std::int64_t at[] = {page, slot % page_size, head, 0};
    offsets.push_back(pages.offset(at));
  }
  return offsets;
}

std::vector<std::int64_t> dense_offsets(const tensor& rows, std::int64_t sequence, std::int64_t count,
                                        std::int64_t head) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t slot = 0; slot < count; ++slot) {
    const std::int64_t at[] = {sequence, slot, head, 0};
    offsets.push_back(rows.offset(at));
  }
  return offsets;
}

void finish_lse(std::vector<attention_truth>& truths) {
  for (attention_truth& truth : truths)
    for (double& lse : truth.lse)
      if (!std::isfinite(lse)) lse = std::numeric_limits<double>::infinity();
}

}  // namespace plumbline::mla
