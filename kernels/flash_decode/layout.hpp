// Where the rows of one call lie: query tokens (dense or packed) and cache slots (dense or paged).
//
// Kernels see tensors through these few strides only, so one kernel serves every layout: a packed batch is a
// dense one with batch stride 0 and a first token a sequence, a page table is one more look-up between slot
// and address.  All offsets are 64-bit products (caches exceed 2^31 elements); a slot itself fits 32 bits, as
// the int32 length tensors do, so dividing it by the page size may stay in 32 bits.
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of a tensor (b, tokens, heads, width) or, packed, (tokens, heads, width).  Strides in elements.
struct token_rows {
  void* data = nullptr;
  std::int64_t batch = 0, token = 0, head = 0;  // batch: 0 when packed
  bool aligned = false;                         // every row starts at a multiple of 16 bytes

  __device__ std::int64_t offset(std::int64_t n, std::int64_t i, std::int64_t h) const {
    return n * batch + i * token + h * head;
  }
};

/// Rows of a cache (rows, slots, heads, width) or a pool of pages (pages, slots, heads, width).
struct cache_rows {
  void* data = nullptr;
  std::int64_t outer = 0, slot = 0, head = 0;
  bool aligned = false;
};

/// The length and index tensors; a null pointer is a tensor that was not given.
struct sequences {
  const std::int32_t* cache_seqlens = nullptr;
  const std::int32_t* cache_batch_idx = nullptr;
  const std::int32_t* cache_leftpad = nullptr;
  const std::int32_t* page_table = nullptr;
  const std::int32_t* cu_seqlens_q = nullptr;
  std::int64_t page_table_row = 0;  // stride
  std::uint32_t page_size = 1;
  std::int64_t sq = 0;
};

/// One sequence of the batch.
struct sequence {
  std::int64_t leftpad, keys, cache_row;
  std::int64_t first_token, queries;  // tokens of q and out: [first_token, first_token + queries)
};

__device__ inline sequence sequence_of(const sequences& s, std::int64_t n) {
  sequence one;
  one.leftpad = s.cache_leftpad ? s.cache_leftpad[n] : 0;
  one.keys = s.cache_seqlens[n] - one.leftpad;
  one.cache_row = s.cache_batch_idx ? s.cache_batch_idx[n] : n;
  one.first_token = s.cu_seqlens_q ? s.cu_seqlens_q[n] : 0;
  one.queries = s.cu_seqlens_q ? s.cu_seqlens_q[n + 1] - one.first_token : s.sq;
  return one;
}

/// Element offset of an absolute slot, head 0.  Reads the page table at the slot's own entry only.
__device__ inline std::int64_t slot_offset(const sequences& s, const cache_rows& cache,
                                           std::int64_t cache_row, std::int64_t slot) {
  if (!s.page_table) return cache_row * cache.outer + slot * cache.slot;
  const std::uint32_t at = static_cast<std::uint32_t>(slot);
  const std::int64_t page = s.page_table[cache_row * s.page_table_row + at / s.page_size];
  return page * cache.outer + static_cast<std::int64_t>(at % s.page_size) * cache.slot;
}

inline bool rows_are_aligned(const tensor_view& v) {
  const std::int64_t unit = 16 / static_cast<std::int64_t>(size_of(v.type));
  bool aligned = reinterpret_cast<std::uintptr_t>(v.data) % 16 == 0;
  for (int axis = 0; axis + 1 < v.rank; ++axis) aligned = aligned && v.stride[axis] % unit == 0;
  return aligned;
}

inline token_rows token_rows_of(const tensor_view& v) {
  const int token = v.rank - 3;
  return {v.data, token > 0 ? v.stride[0] : 0, v.stride[token], v.stride[token + 1], rows_are_aligned(v)};
}

inline cache_rows cache_rows_of(const tensor_view& v) {
  return {v.data, v.stride[0], v.stride[1], v.stride[2], rows_are_aligned(v)};
}

inline sequences sequences_of(const cache_shape& problem, std::int64_t sq, const kernel_arguments& args) {
  const auto ints = [&](const char* name) -> const std::int32_t* {
    const tensor_view v = args.in(name);
    return v ? v.as<std::int32_t>() : nullptr;
  };
  sequences s;
  s.cache_seqlens = ints("cache_seqlens");
  s.cache_batch_idx = ints("cache_batch_idx");
  s.cache_leftpad = ints("cache_leftpad");
  s.page_table = ints("page_table");
  s.cu_seqlens_q = ints("cu_seqlens_q");
  if (s.page_table) s.page_table_row = args.in("page_table").stride[0];
  s.page_size = static_cast<std::uint32_t>(problem.page_size > 0 ? problem.page_size : 1);
  s.sq = sq;
  return s;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
