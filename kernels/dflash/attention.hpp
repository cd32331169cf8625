// Draft attention as its kernels see it.
//
// New rows go behind those in use, then every query of a block sees all keys of its sequence.  Rows are
// packed, r = i * group + g, so that the heads of a group share a tile.
#pragma once

#include "kernels/core/softmax.hpp"
#include "kernels/dflash/linear.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int head_width = 128;  // columns that fit a tile

/// Rows of (outer, token, head): sequences or cache rows outside; strides in elements.
struct head_rows {
  std::uint16_t* data = nullptr;
  std::int64_t outer = 0, token = 0, head = 0;
  bool aligned = false;  // every row starts and ends at a multiple of 16 bytes

  __device__ std::uint16_t* at(std::int64_t n, std::int64_t i, std::int64_t h) const {
    return data + n * outer + i * token + h * head;
  }
};
/// (outer, tokens, heads, d), or (tokens, heads, d).
head_rows head_rows_of(const tensor_view&);

struct attention_params {
  head_rows q, k, v, k_cache, v_cache, attended;
  const std::int32_t* cu_seqlens_k_new;  // (b + 1)
  const std::int32_t* cache_seqlens;     // (b): rows in use before
  const std::int32_t* cache_batch_idx;   // (b); null: sequence i has row i
  const std::uint8_t* mask;              // null: none
  std::int64_t mask_sequence, mask_query;
  float* lse;  // (b, hq, block_size); null: nobody asks
  kernels::score_units units;
  std::int64_t b, new_rows;  // new rows of the longest sequence
  int block_size, hk, group, d;
  int row_tiles;  // of the packed rows of a KV head
};

/// Sizes of a problem; the views are the caller's to fill in.
attention_params attention_params_of(const attention_problem&);

/// Copies the new rows into the caches.
void launch_append(const attention_params&, launcher& on);
/// Attends to the caches, in which the new rows are.
void launch_attend(dtype type, const attention_params&, launcher& on);

/// Why tiles do not take heads of that width; empty: they do.
std::string width_domain(std::int64_t d);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
