// Where rows of a latent cache lie, for the truth of mla.  Indices are followed here and nowhere else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::mla {

/// Address of an element.
inline const std::byte* element(const tensor& t, std::int64_t offset) {
  return t.data() + offset * static_cast<std::int64_t>(size_of(t.type()));
}

/// Decodes `width` numbers of the rows that start at `offsets`, in elements of `t`, into dense rows.
void load_rows(const tensor& t, std::span<const std::int64_t> offsets, std::int64_t width, double* out);

/// Loader of rows at fixed offsets.
attention_unit::loader rows_at(const tensor& t, std::vector<std::int64_t> offsets, std::int64_t width);

/// Offsets of rows of `pages` (pages, page_size, heads, d) that the first `count` slots of a sequence occupy.
std::vector<std::int64_t> paged_offsets(const tensor& pages, const tensor& block_table, std::int64_t sequence,
                                        std::int64_t count, std::int64_t head);

/// The same for rows of a dense (sequences, capacity, heads, d).
std::vector<std::int64_t> dense_offsets(const tensor& rows, std::int64_t sequence, std::int64_t count,
                                        std::int64_t head);

/// FlashMLA's lse: +inf wherever it is not a number that the row sum has.
void finish_lse(std::vector<attention_truth>&);

}  // namespace plumbline::mla
