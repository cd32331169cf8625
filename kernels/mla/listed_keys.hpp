// Keys that a query lists: key j of a query is the row of a cache that entry j of its list names.
//
// Two lists may follow each other.  The first is padded to whole tiles (at least one), so the second starts a
// tile, as the schedule reckons.  An entry behind the list's length is nobody's, whatever it holds; so is one
// that names no row of the cache, and neither is followed.
#pragma once

#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// One list of every query.
struct index_list {
  const std::int32_t* entries = nullptr;            // null: there is no such list
  std::int64_t batch = 0, token = 0;                // strides
  const std::int32_t* lengths = nullptr;            // null: all `topk` entries
  std::int64_t length_batch = 0, length_token = 0;  // strides
  std::int64_t topk = 0;
  std::int64_t rows = 0;  // of the cache

  __device__ int used(const latent_share& s, int n) const {
    return lengths ? lengths[n * length_batch + s.first_token * length_token] : static_cast<int>(topk);
  }
  /// Row that entry `at` of the query's list names, or -1.
  __device__ std::int64_t row(const latent_share& s, int at) const {
    if (at >= used(s, s.n)) return -1;
    const std::int32_t entry = entries[s.n * batch + s.first_token * token + at];
    return entry >= 0 && entry < rows ? entry : -1;
  }
};

/// The two lists of a query as one range of keys.
struct index_lists {
  index_list first, extra;

  __device__ int padded(const latent_share& s, int n) const {
    const int used = first.used(s, n);
    return (used > 1 ? used + tile_keys - 1 : tile_keys) / tile_keys * tile_keys;
  }
  __device__ int count(const latent_share& s, int n) const {
    return padded(s, n) + (extra.entries ? extra.used(s, n) : 0);
  }
};

/// Rows of pages that are stored as numbers of the type of q.
struct plain_pages {
  const std::uint16_t* data = nullptr;
  std::int64_t page = 0, slot = 0;  // strides
  std::uint32_t page_size = 1;

  __device__ const std::uint16_t* row(std::int64_t at) const {
    const std::uint32_t number = static_cast<std::uint32_t>(at);
    return data + static_cast<std::int64_t>(number / page_size) * page +
           static_cast<std::int64_t>(number % page_size) * slot;
  }
};

/// A source of keys that are listed and stored as numbers of the type of q.
struct listed_keys {
  index_lists lists;
  plain_pages pages, extra_pages;
  bool aligned = false;

  __device__ const std::uint16_t* base() const { return pages.data; }
  __device__ int count(const latent_share& s, int n) const { return lists.count(s, n); }
  __device__ const std::uint16_t* row(const latent_share& s, int key) const {
    const int first = lists.padded(s, s.n);
    const bool extra = key >= first;
    const std::int64_t at = extra ? lists.extra.row(s, key - first) : lists.first.row(s, key);
    return at < 0 ? nullptr : (extra ? extra_pages : pages).row(at);
  }
};

/// The list of input `name` of a (b, sq, topk) or (sq, 1, topk) problem into a cache of `rows` rows.
inline index_list index_list_of(const kernel_arguments& args, const char* name, const char* length_name,
                                std::int64_t topk, std::int64_t rows) {
  const tensor_view entries = args.in(name);
  index_list list;
  if (!entries) return list;
  list.entries = entries.as<std::int32_t>();
  list.batch = entries.stride[0], list.token = entries.stride[1];
  list.lengths = integers(args, length_name);
  list.length_batch = 1;
  list.topk = topk;
  list.rows = rows;
  return list;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
