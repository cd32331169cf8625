// Listed keys in FlashMLA's two quantized formats.
//
//   v32     a row is e4m3 codes, one f32 scale for 128 of them, rotary numbers: 656 bytes for 512 + 64
//   model1  a row is codes and rotary numbers; behind all rows of a page lie their e8m0 scales, one for 64
//           codes, padded to whole eights a row: 576 + 8 bytes for 448 + 64
//
// Only e4m3 codes are scaled; rotary numbers have the type of q and are taken as they are.  Rows of a page
// follow each other without a gap, pages are any number of bytes apart: all offsets are 64-bit.
#pragma once

#include "kernels/mla/listed_keys.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int most_row_bytes = 656;  // that a tile has room for

/// What the rows of both caches have in common.
struct row_format {
  int codes = 0, rope = 0;  // of a row
  int tile = 128;           // codes a scale
  bool scales_apart = false;

  __host__ __device__ constexpr int scales() const { return codes / tile; }
  __host__ __device__ constexpr int rope_at() const { return codes + (scales_apart ? 0 : 4 * scales()); }
  /// Bytes of a row, without scales that lie apart.
  __host__ __device__ constexpr int bytes() const { return rope_at() + 2 * rope; }
  __host__ __device__ constexpr int scale_bytes() const { return (scales() + 7) / 8 * 8; }
};

constexpr row_format row_format_of(const decode_indices_problem& p) {
  const bool apart = p.format == kv_format::model1;
  return {static_cast<int>(p.d - p.qk_rope_head_dim), static_cast<int>(p.qk_rope_head_dim), apart ? 64 : 128,
          apart};
}

/// Where a key's parts lie; null: there is no such key.
struct quantized_row {
  const unsigned char* row;
  const unsigned char* scales;  // those that lie apart
};

struct quantized_pages {
  const unsigned char* data = nullptr;
  std::int64_t page = 0;  // bytes from one to the next
  std::uint32_t page_size = 1;

  __device__ quantized_row row(const row_format& format, std::int64_t at) const {
    const std::uint32_t number = static_cast<std::uint32_t>(at);
    const unsigned char* const held = data + static_cast<std::int64_t>(number / page_size) * page;
    const std::int64_t slot = number % page_size, rows = page_size;
    return {held + slot * format.bytes(), held + rows * format.bytes() + slot * format.scale_bytes()};
  }
};

/// A source of keys that are listed and stored as codes.
struct quantized_keys {
  index_lists lists;
  quantized_pages pages, extra_pages;
  row_format format;
  bool aligned = false;  // all rows start and end at multiples of 16 bytes

  __device__ int count(const latent_share& s, int n) const { return lists.count(s, n); }
  __device__ quantized_row row(const latent_share& s, int key) const {
    const int first = lists.padded(s, s.n);
    const bool extra = key >= first;
    const std::int64_t at = extra ? lists.extra.row(s, key - first) : lists.first.row(s, key);
    return at < 0 ? quantized_row{nullptr, nullptr} : (extra ? extra_pages : pages).row(format, at);
  }
};

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
