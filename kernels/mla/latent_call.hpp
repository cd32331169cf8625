// What one block of the latent kernels works on: rows of queries, a range of keys, and where results go.
//
// Query tokens and the heads that share a KV head are packed as rows, r = i * group + g.  A block takes up to
// 64 of them and one part of the schedule: for each request of the part the blocks of keys that are its.
// A request that one part has alone goes straight to the outputs; of the others every part leaves an fp32
// partial, which the merge adds up in the order of splits.
#pragma once

#include "kernels/mla/latent_tile.hpp"
#include "kernels/mla/softmax.hpp"
#include "kernels/mla/token_rows.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Columns of a row of the schedule, as upstream has them; three more are not read.
struct part_column {
  static constexpr int first_request = 0, last_request = 1, first_block = 2, end_block = 3, first_split = 4;
};
inline constexpr int part_columns = 8;

struct latent_params {
  token_rows q, out;
  float* lse;
  std::int64_t lse_batch, lse_head, lse_token;
  float* max_logits;  // null: not asked for; (token, head)
  std::int64_t logits_token, logits_head;
  const float* sink;  // null: none; one a query head
  score_units units;
  float* partial;                  // (splits, sq, hq, dv)
  float* partial_lse;              // (splits, sq, hq), log2 units
  const std::int32_t* parts;       // (parts, part_columns); null: one block takes all keys of request 0
  const std::int32_t* num_splits;  // (b + 1)
  std::int64_t b;
  int sq, hq, hk, group, d, dv;
  int tile_tokens;  // query tokens whose rows may share a tile: sq, or 1 where each has keys of its own
  int row_tiles;    // of tile_tokens * group rows
  bool causal;
};

/// One request of one block.
struct latent_share {
  int n, hk, part;
  int first_token, first_row, rows;  // packed rows of the tile, counted from first_token
  int keys;                          // of the request
  int seen, by_all;                  // keys that some row of the tile sees, that every row sees
  int first_tile, tiles;
  int split, splits;
};

/// Keys that a packed row sees: [0, end).
__device__ inline int end_of(const latent_params& p, const latent_share& s, int row) {
  if (!p.causal) return s.keys;
  const std::int64_t token = s.first_token + (s.first_row + row) / p.group;
  const std::int64_t end = s.keys - p.sq + token + 1;
  return static_cast<int>(end < 0 ? 0 : end < s.keys ? end : s.keys);
}

/// The rows of this block: all of a share that does not depend on the request.
__device__ inline latent_share rows_of_block(const latent_params& p) {
  latent_share s = {};
  unsigned at = blockIdx.x;
  s.first_row = static_cast<int>(at % static_cast<unsigned>(p.row_tiles)) * tile_rows;
  at /= static_cast<unsigned>(p.row_tiles);
  const unsigned groups = static_cast<unsigned>(p.sq / p.tile_tokens);
  s.first_token = static_cast<int>(at % groups) * p.tile_tokens;
  at /= groups;
  s.hk = static_cast<int>(at % static_cast<unsigned>(p.hk));
  s.part = static_cast<int>(at / static_cast<unsigned>(p.hk));
  const int rows = p.tile_tokens * p.group - s.first_row;
  s.rows = rows < tile_rows ? rows : tile_rows;
  return s;
}

/// Blocks of a launch for `parts` parts.
inline std::int64_t blocks_of(const latent_params& p, std::int64_t parts) {
  return parts * p.hk * (p.sq / p.tile_tokens) * p.row_tiles;
}

/// Gives the share request `n`, of which it takes blocks [begin, end) of keys as far as its rows see them.
__device__ inline void take_request(latent_share& s, const latent_params& p, int n, int keys, int begin,
                                    int end) {
  s.n = n;
  s.keys = keys;
  s.by_all = end_of(p, s, 0);
  s.seen = end_of(p, s, s.rows - 1);
  const int last = (s.seen + tile_keys - 1) / tile_keys;
  s.first_tile = begin;
  s.tiles = (end < last ? end : last) - begin;
}

/// Row of `out`, as it lies, of a packed row.
__device__ inline std::int64_t row_of_call(const latent_params& p, const latent_share& s, int row) {
  const int packed = s.first_row + row;
  return (static_cast<std::int64_t>(s.n) * p.sq + s.first_token + packed / p.group) * p.hq + s.hk * p.group +
         packed % p.group;
}

/// Where a row's results go.
struct row_target {
  float* partial;  // null: `out`
  std::uint16_t* out;
  float* lse;
  std::int64_t token, head;
};

__device__ inline row_target target_of(const latent_params& p, const latent_share& s, int row) {
  const int packed = s.first_row + row;
  const std::int64_t token = s.first_token + packed / p.group, head = s.hk * p.group + packed % p.group;
  if (s.splits > 1) {
    const std::int64_t at =
        ((p.num_splits[s.n] + s.split) * static_cast<std::int64_t>(p.sq) + token) * p.hq + head;
    return {p.partial + at * p.dv, nullptr, p.partial_lse + at, token, head};
  }
  return {nullptr, static_cast<std::uint16_t*>(p.out.data) + p.out.offset(s.n, token, head),
          p.lse + s.n * p.lse_batch + head * p.lse_head + token * p.lse_token, token, head};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
