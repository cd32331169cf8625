// Where keys lie: writing sequences into a cache, reading them back, and filling everything else with poison.
//
// A sequence's content (its rows, in order) does not know the cache; an arrangement puts it somewhere: cache
// rows by cache_batch_idx, pages in random order, pages shared where sequences have a common prefix. `gather`
// undoes it.  So a law about layout is: gather, arrange in another way, run, compare bits.
//
// Slots that no sequence uses are poisoned: NaN shows a leak loudly, large finite values look like the stale
// rows of a production cache.  Page-table entries that nobody may read hold ids far outside the pool.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

/// What unused memory holds.
enum class poison : std::uint8_t { nan, stale };

struct arrangement {
  std::uint64_t seed = 0;  // of page order, cache rows and stale values
  poison unused = poison::nan;
  bool may_repeat_rows = false;  // two sequences may read one cache row (never with an append)
};

/// Rows of one sequence, dense: k (tokens, hk, d) and v (tokens, hk, dv), as codes.
struct key_rows {
  std::vector<std::byte> k, v;
  friend bool operator==(const key_rows&, const key_rows&) = default;
};

/// Finds slots through cache_batch_idx and page_table.
class cache_address {
 public:
  cache_address(const flash_decode::cache_shape&, const tensor_set& inputs);
  /// (cache row, slot) or (page, offset in it): the first two indices into k_cache and v_cache.
  std::pair<std::int64_t, std::int64_t> place(std::int64_t sequence, std::int64_t slot) const;
  std::int64_t row_of(std::int64_t sequence) const { return rows_[static_cast<std::size_t>(sequence)]; }

 private:
  std::int64_t page_size_;
  std::vector<std::int64_t> rows_;
  std::vector<std::int64_t> pages_;
  std::int64_t max_pages_;
};

/// Adds k_cache, v_cache, cache_seqlens and what the shape asks for of cache_batch_idx, cache_leftpad and
/// page_table.  `room`: slots behind each sequence that the call will write (empty: none); they are poisoned
/// but have pages.  A slot that two sequences share keeps what the first one wrote.
void arrange_cache(const flash_decode::cache_shape&, const std::vector<key_rows>& sequences,
                   const std::vector<std::int64_t>& room, const arrangement&, tensor_set& inputs);

/// The visible rows of every sequence.
std::vector<key_rows> gather_keys(const flash_decode::cache_shape&, const tensor_set& inputs);

/// Overwrites every slot that no sequence uses, and every page-table entry behind `room`.
void poison_unused(const flash_decode::cache_shape&, const std::vector<std::int64_t>& room, poison,
                   std::uint64_t seed, tensor_set& inputs);

/// Fills elements [first, first + count) of a tensor's memory with poison.
void poison_elements(tensor&, std::int64_t first, std::int64_t count, poison, std::uint64_t seed);

/// Rows with gaps, all bytes 0xff: NaN in the gaps and in the zones around the tensor, so that a read beside
/// a row shows.  For inputs only (an executor compares them with themselves afterwards).
tensor rows_between_nan(dtype type, std::vector<std::int64_t> shape, std::int64_t gap);

/// i32 tensor of rank 1.
tensor integers(const std::vector<std::int64_t>& values);

}  // namespace plumbline::generate
