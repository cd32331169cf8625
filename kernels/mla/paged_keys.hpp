// Keys of a paged cache: key j of request n is a row of page block_table[n][j / page_size].
#pragma once

#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// A source of keys that are stored as numbers of the type of q.
struct paged_keys {
  const std::uint16_t* cache = nullptr;       // (pages, page_size, hk, d)
  std::int64_t page = 0, slot = 0, head = 0;  // strides
  std::uint32_t page_size = 1;
  const std::int32_t* block_table = nullptr;
  std::int64_t table_row = 0;  // stride
  const std::int32_t* cache_seqlens = nullptr;
  bool aligned = false;

  __device__ const std::uint16_t* base() const { return cache; }
  __device__ int count(const latent_share&, int n) const { return cache_seqlens[n]; }

  /// First element of a key's row.  Reads the block table at the key's own entry only.
  __device__ const std::uint16_t* row(const latent_share& s, int key) const {
    const std::uint32_t at = static_cast<std::uint32_t>(key);
    const std::int64_t held = block_table[s.n * table_row + at / page_size];
    return cache + held * page + static_cast<std::int64_t>(at % page_size) * slot + s.hk * head;
  }
};

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
