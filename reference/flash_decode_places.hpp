// Where tokens and cache slots lie, for the truth of flash_decode.
//
// Indices are followed here and nowhere else: batch index, page table, strides, packed or rectangular tokens.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

/// The slots of one sequence.
class slot_map {
 public:
  slot_map(const cache_shape& p, const tensor_set& inputs, std::int64_t s) : page_size_(p.page_size) {
    const tensor* rows = inputs.find("cache_batch_idx");
    row_ = p.has_batch_idx ? static_cast<std::int64_t>(rows->value(s)) : s;
    if (page_size_ > 0) table_ = &inputs.at("page_table");
  }
  /// Cache row and slot, or physical page and offset in it.
  std::pair<std::int64_t, std::int64_t> place(std::int64_t slot) const {
    if (page_size_ == 0) return {row_, slot};
    const std::int64_t index[] = {row_, slot / page_size_};
    return {static_cast<std::int64_t>(table_->value(table_->offset(index))), slot % page_size_};
  }
  std::int64_t offset(const tensor& cache, std::int64_t slot, std::int64_t head) const {
    const auto [row, position] = place(slot);
    const std::int64_t index[] = {row, position, head, 0};
    return cache.offset(index);
  }
  /// Slots from `slot` on that lie behind it at the cache's stride.
  std::int64_t run(std::int64_t slot) const {
    return page_size_ == 0 ? std::numeric_limits<std::int64_t>::max() : page_size_ - slot % page_size_;
  }

 private:
  std::int64_t page_size_, row_ = 0;
  const tensor* table_ = nullptr;
};

/// Address of an element.
inline const std::byte* element(const tensor& t, std::int64_t offset) {
  return t.data() + offset * static_cast<std::int64_t>(size_of(t.type()));
}

/// First token of each sequence in packed order; the last entry is the number of tokens.
template <class Problem>
std::vector<std::int64_t> first_tokens(const Problem& p,
                                       std::int64_t (*tokens)(const Problem&, std::int64_t)) {
  std::vector<std::int64_t> first(static_cast<std::size_t>(p.b) + 1, 0);
  for (std::int64_t s = 0; s < p.b; ++s)
    first[static_cast<std::size_t>(s) + 1] = first[static_cast<std::size_t>(s)] + tokens(p, s);
  return first;
}

/// Element offset of a token's head, for (b, s, heads, dim) and packed (tokens, heads, dim) alike.
inline std::int64_t token_offset(const tensor& t, std::int64_t sequence, std::int64_t token,
                                 std::int64_t packed_token, std::int64_t head) {
  if (t.rank() == 4) {
    const std::int64_t index[] = {sequence, token, head, 0};
    return t.offset(index);
  }
  const std::int64_t index[] = {packed_token, head, 0};
  return t.offset(index);
}

}  // namespace plumbline::flash_decode
