// Which keys a query row sees.
//
// Every mask here is an interval of keys, and both its ends never fall as the query index grows.  So a row
// needs two numbers, and a tile of rows is bounded by the begin of its first and the end of its last row.
// Rows are aligned at the bottom right: query i of sq stands at key i + sk - sq.
#pragma once

#include <cstdint>

#include "kernels/core/side.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

struct key_mask {
  std::int64_t left = -1, right = -1;  // -1: unlimited
  std::int64_t chunk = 0;              // 0: off
};

struct key_interval {
  std::int64_t begin, end;
};

__host__ __device__ inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
__host__ __device__ inline std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

/// Keys [begin, end) that query `i` sees; begin == end when there are none.
__device__ inline key_interval keys_seen(const key_mask& mask, std::int64_t i, std::int64_t queries,
                                         std::int64_t keys) {
  const std::int64_t stand = i + keys - queries;
  std::int64_t begin = 0, end = keys;
  if (mask.right >= 0) end = smaller(end, stand + mask.right + 1);
  if (mask.left >= 0) begin = larger(begin, stand - mask.left);
  if (mask.chunk > 0) {
    const std::int64_t down = stand % mask.chunk;
    const std::int64_t base = stand - (down < 0 ? down + mask.chunk : down);
    begin = larger(begin, base);
    end = smaller(end, base + mask.chunk);
  }
  return {begin, larger(begin, end)};
}

inline key_mask key_mask_of(const attend_problem& problem) {
  return {problem.window_left, problem.causal ? 0 : problem.window_right, problem.attention_chunk};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
