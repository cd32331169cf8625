// attend, variants `split` and `split_fp8`: tensor cores, packed query heads, the keys split over blocks.
//
// A block takes one tile of packed query rows r = i * G + g (all heads that share a KV head, so a key is read
// once for all of them), one slice of output columns and one share of the key blocks that its rows can see.
// Keys come in tiles through two shared buffers: while a tile is multiplied the next one is on its way
// (cp.async), K and V in groups of their own, so that scores start before V has arrived.  Two barriers a
// tile: the first says that all of K is there and that everybody left the previous tile, the second the same
// for V. The addresses of rows (page look-ups) are computed one tile further ahead, one thread a row.
//
// With 64 rows each of the four warps owns 16 rows and sees all keys of a tile.  Decoding has few rows: with
// 16, every warp takes all rows and a quarter of the keys, and the four partial softmaxes are merged at the
// end in the order of warps.  Rows of V that nobody may see are zeros, never what memory holds there: 0 * NaN
// is NaN.  Where only some rows see a key (core/hidden_values.hpp), NaNs and infinities are cleared from the
// tile, and one word of shared memory remembers that there were any: rows ask for theirs when they are
// stored.
//
// Several splits write normalised fp32 partials with natural log-sum-exp; `combine` merges them in order.
// e4m3 tiles are widened to f16 in shared memory (exact); P is scaled by 2^8 and rounded to e4m3.  The shift
// is the maximum so far, never an older one, so P stays below 256 and does not saturate.
#pragma once

#include "kernels/core/tap.hpp"
#include "kernels/flash_decode/layout.hpp"
#include "kernels/flash_decode/mask.hpp"
#include "kernels/flash_decode/softmax.hpp"
#include "kernels/flash_decode/tile.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

struct split_params {
  token_rows q, out;
  cache_rows k, v;
  sequences lengths;
  key_mask mask;
  score_options scores;
  float* lse;
  std::int64_t lse_batch, lse_head, lse_token;
  float* partial;      // (splits, tokens, hq, dv); null with one split
  float* partial_lse;  // (splits, tokens, hq)
  std::int64_t tokens, hq;
  int hk, group, row_tiles, slices, splits;
  int d, dv;
};

/// Shared memory of one block, in bytes from its start.
template <dtype Type, class Tile>
struct split_memory {
  static constexpr int wide = Tile::keys * Tile::width * 2;
  static constexpr int stage = Tile::keys * Tile::width * static_cast<int>(sizeof(kernels::stored<Type>));
  static constexpr int widened = Type == dtype::e4m3 ? wide : 0;
  static constexpr int k = 0, v = k + 2 * stage;  // two stages each
  static constexpr int k_wide = v + 2 * stage, v_wide = k_wide + widened;
  static constexpr int q = v_wide + widened;
  static constexpr int offsets = q + Tile::rows * Tile::width * 2;     // of K and V rows, two stages
  static constexpr int statistics = offsets + 2 * 2 * Tile::keys * 8;  // maximum and sum, a warp and row
  static constexpr int cleared = statistics + Tile::warps * 16 * 8;    // whether a value was, an int
  static constexpr int total = cleared + 16;
  static constexpr int out_stride = Tile::width + 8;  // floats: rows in different banks
  static_assert(Tile::warps * 16 * out_stride * 4 <= q, "the output tile reuses the key tiles");
};

/// Keys [begin, end): lengths are int32, so positions fit.
struct key_span {
  int begin, end;
};

/// What a block works on.
struct split_block {
  int n, hk, split, first_column;
  int first_row, rows;  // packed rows of the tile that exist
  int leftpad, keys, cache_row, first_token, queries;
  key_span seen, by_all;  // keys that any, and that every row of the tile sees
  int first_tile, tiles;  // this split's share
};

__device__ inline key_span span_of(const split_params& p, const split_block& b, int row) {
  const key_interval seen = keys_seen(p.mask, (b.first_row + row) / p.group, b.queries, b.keys);
  return {static_cast<int>(seen.begin), static_cast<int>(seen.end)};
}

/// Whether some row of the tile must not see a key in [first_key, first_key + keys) that another one sees.
__device__ inline bool hides(const split_block& b, int first_key, int keys) {
  const int end = first_key + keys, first = first_key > b.seen.begin ? first_key : b.seen.begin,
            last = end < b.seen.end ? end : b.seen.end;
  return first < b.by_all.begin || last > b.by_all.end;
}

template <class Tile>
__device__ inline split_block block_of(const split_params& p) {
  constexpr int tile_keys = Tile::keys, width = Tile::width, rows = Tile::rows;
  split_block b;
  unsigned at = blockIdx.x;
  const unsigned tile = at % static_cast<unsigned>(p.row_tiles);
  at /= static_cast<unsigned>(p.row_tiles);
  b.first_column = static_cast<int>(at % static_cast<unsigned>(p.slices)) * width;
  at /= static_cast<unsigned>(p.slices);
  b.hk = static_cast<int>(at % static_cast<unsigned>(p.hk));
  b.n = static_cast<int>(at / static_cast<unsigned>(p.hk));
  b.split = static_cast<int>(blockIdx.y);
  const sequence s = sequence_of(p.lengths, b.n);
  b.leftpad = static_cast<int>(s.leftpad);
  b.keys = static_cast<int>(s.keys);
  b.cache_row = static_cast<int>(s.cache_row);
  b.first_token = static_cast<int>(s.first_token);
  b.queries = static_cast<int>(s.queries);
  b.first_row = static_cast<int>(tile) * rows;
  b.rows = static_cast<int>(smaller(s.queries * p.group - b.first_row, rows));
  if (b.rows <= 0) return b;
  const key_span first = span_of(p, b, 0), last = span_of(p, b, b.rows - 1);
  b.seen = {first.begin, last.end};
  b.by_all = {last.begin, first.end};
  const int lowest = b.seen.begin / tile_keys, highest = (b.seen.end + tile_keys - 1) / tile_keys;
  const bool some = b.seen.end > b.seen.begin;
  const int share = some ? (highest - lowest + p.splits - 1) / p.splits : 0;
  b.first_tile = lowest + b.split * share;
  const int left = highest - b.first_tile;
  b.tiles = left < share ? (left > 0 ? left : 0) : share;
  return b;
}

/// Row of `out`, as it lies, of a packed row: what partials are counted by.
__device__ inline std::int64_t row_of_call(const split_params& p, const split_block& b, int row) {
  const int packed = b.first_row + row, i = packed / p.group;
  const std::int64_t token = p.lengths.cu_seqlens_q ? b.first_token + i : b.n * p.lengths.sq + i;
  return token * p.hq + b.hk * p.group + packed % p.group;
}

/// Where a packed row's results go.
struct row_target {
  void* out;
  float* lse;
  bool partial;
};

template <dtype Out>
__device__ inline row_target target_of(const split_params& p, const split_block& b, int row) {
  const int packed = b.first_row + row, i = packed / p.group;
  const std::int64_t h = b.hk * p.group + packed % p.group, token = b.first_token + i;
  if (p.splits == 1)
    return {static_cast<kernels::stored<Out>*>(p.out.data) + p.out.offset(b.n, token, h),
            p.lse + b.n * p.lse_batch + h * p.lse_head + token * p.lse_token, false};
  const std::int64_t at = b.split * p.tokens * p.hq + row_of_call(p, b, row);
  return {p.partial + at * p.dv, p.partial_lse + at, true};
}

/// Stores eight columns of a row.
template <dtype Out>
__device__ inline void store_columns(const row_target& to, int column, const float (&x)[8], bool aligned) {
  if (to.partial) {
    float* at = static_cast<float*>(to.out) + column;
    PLUMBLINE_UNROLL
    for (int half = 0; half < 2; ++half)
      kernels::store16(at + 4 * half,
                       {{kernels::bits_of(x[4 * half]), kernels::bits_of(x[4 * half + 1]),
                         kernels::bits_of(x[4 * half + 2]), kernels::bits_of(x[4 * half + 3])}});
    return;
  }
  auto* at = static_cast<std::uint16_t*>(to.out) + column;
  if (aligned) {
    kernels::store16(at, {{kernels::pack2<Out>(x[0], x[1]), kernels::pack2<Out>(x[2], x[3]),
                           kernels::pack2<Out>(x[4], x[5]), kernels::pack2<Out>(x[6], x[7])}});
  } else {
    PLUMBLINE_UNROLL
    for (int e = 0; e < 8; ++e) at[e] = kernels::store_as<Out>(x[e]);
  }
}

/// A share without keys: log-sum-exp -inf, and zeros only where they are final.
template <dtype Out, class Tile>
__device__ inline void write_empty(const split_params& p, const split_block& b) {
  constexpr int width = Tile::width, threads = Tile::threads;
  const int columns = p.dv - b.first_column < width ? p.dv - b.first_column : width;
  for (int row = static_cast<int>(threadIdx.x); row < b.rows; row += threads) {
    const row_target to = target_of<Out>(p, b, row);
    if (b.first_column == 0) {
      *to.lse = minus_infinity;
      kernels::show(tap::row_max, row_of_call(p, b, row), b.split, 0, minus_infinity);
    }
    if (to.partial) continue;
    const float zeros[8] = {};
    for (int c = 0; c < columns; c += 8) store_columns<Out>(to, b.first_column + c, zeros, p.out.aligned);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
