// Attention of a block's queries to all keys of their sequence, on tensor cores.
//
// A block takes 64 packed query rows of one KV head, sixteen a warp.  K and V come in tiles of 64 keys
// through two buffers each; while a tile is multiplied the next one is on its way, and scores start before V
// has arrived.  Two barriers a tile: all of K is there and everybody left the tile before, then the same for
// V.  A warp sees all keys of a tile, so a row's maximum needs two shuffles, and the fragment of the scores
// is the operand of the next product: P stays in registers.  The sums of a row run over keys in order, so
// nothing else in the batch touches its bits.  What a mask says of a tile a warp reads row by row into bits.
#include "kernels/core/attention_tiles.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/dflash/attention.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int rows_of_block = 64, keys_of_tile = 64, threads = 128;
constexpr unsigned all_lanes = 0xffffffffu;

struct attend_memory {  // elements from the start of shared memory
  static constexpr int stage = keys_of_tile * head_width;
  static constexpr int q = 0, k = rows_of_block * head_width, v = k + 2 * stage;
  static constexpr int bytes = 2 * (v + 2 * stage);
};

/// Starts keys first_key.. of a cache row; from `count` on rows of the tile are zeros.
__device__ __forceinline__ void start_keys(std::uint16_t* tile, const head_rows& from, std::int64_t cache_row,
                                           int head, std::int64_t first_key, std::int64_t count, int d) {
  for_each_chunk<threads>(keys_of_tile, (d + 15) / 16 * 2, [&](int row, int chunk) {
    const bool valid = row < count && chunk * 8 < d;
    const std::uint16_t* const source =
        valid ? from.at(cache_row, first_key + row, head) + chunk * 8 : from.data;
    std::uint16_t* const to = tile + swizzled<head_width>(row, chunk);
    if (from.aligned)
      copy_async16(to, source, valid);
    else
      store16(to, valid ? gather16(source, d - chunk * 8) : vec16{});
  });
}

__device__ __forceinline__ void load_queries(std::uint16_t* q, const attention_params& p, std::int64_t n,
                                             int hk, int first_row, int rows) {
  for_each_chunk<threads>(rows_of_block, (p.d + 15) / 16 * 2, [&](int row, int chunk) {
    vec16 codes = {};
    if (row < rows && chunk * 8 < p.d) {
      const int packed = first_row + row;
      const std::uint16_t* const from =
          p.q.at(n, packed / p.group, hk * p.group + packed % p.group) + chunk * 8;
      codes = p.q.aligned ? load16(from) : gather16(from, p.d - chunk * 8);
    }
    store16(q + swizzled<head_width>(row, chunk), codes);
  });
}

/// Keys of a tile that this lane's two rows see, a bit each.
struct seen_keys {
  std::uint32_t low[2], high[2];

  __device__ __forceinline__ bool sees(int r, int key) const {
    return ((key < 32 ? low[r] : high[r]) >> (key & 31) & 1u) != 0;
  }
};

/// `count` keys from first_key on exist; the warp's rows are packed rows first_row.. of which `rows` exist.
__device__ __forceinline__ seen_keys seen_of(const attention_params& p, std::int64_t n, int first_row,
                                             int rows, std::int64_t first_key, int count) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (p.mask == nullptr) {
    const std::uint32_t low = count < 32 ? (1u << count) - 1u : ~0u,
                        high = count < 64 ? (count < 32 ? 0u : (1u << (count - 32)) - 1u) : ~0u;
    return {{low, low}, {high, high}};
  }
  seen_keys seen = {};
  for (int row = 0; row < 16; ++row) {
    const int packed = first_row + (row < rows ? row : rows - 1);
    const std::uint8_t* const mask =
        p.mask + n * p.mask_sequence + packed / p.group * p.mask_query + first_key;
    const unsigned low = __ballot_sync(all_lanes, lane < count && mask[lane] != 0),
                   high = __ballot_sync(all_lanes, lane + 32 < count && mask[lane + 32] != 0);
    if (row == lane / 4) seen.low[0] = low, seen.high[0] = high;
    if (row == lane / 4 + 8) seen.low[1] = low, seen.high[1] = high;
  }
  return seen;
}

/// Row of `attended`, as it lies, of a packed row.
__device__ __forceinline__ std::int64_t row_of_call(const attention_params& p, std::int64_t n, int hk,
                                                    int packed) {
  return (n * p.block_size + packed / p.group) * (p.hk * p.group) + hk * p.group + packed % p.group;
}

/// Normalises and stores the rows of a warp, packed rows first_row.. of which `count` exist.
template <dtype Type>
__device__ __forceinline__ void store_rows(const attention_params& p, const attention_rows<head_width>& rows,
                                           std::int64_t n, int hk, int first_row, int count) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const bool pairs = p.attended.aligned;
  PLUMBLINE_UNROLL
  for (int r = 0; r < 2; ++r) {
    float sum = rows.sum[r];
    sum += __shfl_xor_sync(all_lanes, sum, 1);
    sum += __shfl_xor_sync(all_lanes, sum, 2);
    const int row = 8 * r + lane / 4;
    if (row >= count) continue;
    const int query = (first_row + row) / p.group, head = hk * p.group + (first_row + row) % p.group;
    const float lse = fused(log2_soft(sum), ln_2, rows.maximum[r] * p.units.to_natural);
    if (lane % 4 == 0 && p.lse != nullptr) p.lse[(n * p.hk * p.group + head) * p.block_size + query] = lse;
    show_row(rows, r, sum, lse, p.units, row_of_call(p, n, hk, first_row + row), p.d);
    std::uint16_t* const out = p.attended.at(n, query, head);
    PLUMBLINE_UNROLL
    for (int c = 0; c < head_width / 8; ++c) {
      const int column = 8 * c + 2 * (lane % 4);
      if (column >= p.d) break;
      const float low = sum == 0 ? 0.0f : rows.out[c][2 * r] / sum,
                  high = sum == 0 ? 0.0f : rows.out[c][2 * r + 1] / sum;
      if (pairs) {
        *reinterpret_cast<std::uint32_t*>(out + column) = pack2<Type>(low, high);
      } else {
        out[column] = store_as<Type>(low);
        if (column + 1 < p.d) out[column + 1] = store_as<Type>(high);
      }
    }
  }
}

template <dtype Type>
__global__ void __launch_bounds__(threads) attend_kernel(const attention_params p) {
  const int first_row = static_cast<int>(blockIdx.x % static_cast<unsigned>(p.row_tiles)) * rows_of_block;
  const int hk =
      static_cast<int>(blockIdx.x / static_cast<unsigned>(p.row_tiles) % static_cast<unsigned>(p.hk));
  const std::int64_t n = blockIdx.x / static_cast<unsigned>(p.row_tiles) / static_cast<unsigned>(p.hk);
  const int left = p.block_size * p.group - first_row, rows = left < rows_of_block ? left : rows_of_block;
  const std::int64_t cache_row = p.cache_batch_idx != nullptr ? p.cache_batch_idx[n] : n;
  const std::int64_t keys =
      static_cast<std::int64_t>(p.cache_seqlens[n]) + p.cu_seqlens_k_new[n + 1] - p.cu_seqlens_k_new[n];
  const int tiles = static_cast<int>(blocks_for(keys, keys_of_tile));

  auto* const shared = shared_memory<std::uint16_t>();
  const auto start = [&](const head_rows& cache, int first, int t) {
    if (t < tiles) {
      const std::int64_t first_key = static_cast<std::int64_t>(t) * keys_of_tile;
      start_keys(shared + first + t % 2 * attend_memory::stage, cache, cache_row, hk, first_key,
                 keys - first_key, p.d);
    }
    copy_async_commit();
  };
  load_queries(shared + attend_memory::q, p, n, hk, first_row, rows);
  start(p.k_cache, attend_memory::k, 0);
  start(p.v_cache, attend_memory::v, 0);

  const int own = 16 * (static_cast<int>(threadIdx.x) / 32);
  attention_rows<head_width> sums;
  for (int t = 0; t < tiles; ++t) {
    const std::int64_t first_key = static_cast<std::int64_t>(t) * keys_of_tile;
    const int count = keys - first_key < keys_of_tile ? static_cast<int>(keys - first_key) : keys_of_tile;
    seen_keys seen = {};
    if (own < rows) seen = seen_of(p, n, first_row + own, rows - own, first_key, count);
    const auto sees = [&seen](int r, int key) { return seen.sees(r, key); };
    copy_async_wait<1>();
    __syncthreads();
    start(p.k_cache, attend_memory::k, t + 1);
    float s[keys_of_tile / 8][4] = {};
    if (own < rows) {
      multiply_scores<Type, head_width>(s, shared + attend_memory::q, own,
                                        shared + attend_memory::k + t % 2 * attend_memory::stage, 0,
                                        keys_of_tile, (p.d + 15) / 16);
      weigh_tile(s, sums, p.units, sees, [&](int r, int key, double score) {
        const int row = own + 8 * r + static_cast<int>(threadIdx.x) % 32 / 4;
        if (row < rows) show(tap::scores, row_of_call(p, n, hk, first_row + row), 0, first_key + key, score);
      });
    }
    copy_async_wait<1>();
    __syncthreads();
    start(p.v_cache, attend_memory::v, t + 1);
    if (own < rows)
      add_weighted<Type>(sums, s, shared + attend_memory::v + t % 2 * attend_memory::stage, keys_of_tile, p.d,
                         p.mask != nullptr ? 0 : keys_of_tile, sees);
  }
  copy_async_wait<0>();
  if (own < rows) store_rows<Type>(p, sums, n, hk, first_row + own, rows - own < 16 ? rows - own : 16);
}

}  // namespace

head_rows head_rows_of(const tensor_view& v) {
  const int token = v.rank - 3;
  const std::int64_t d = v.shape[v.rank - 1];
  bool aligned = reinterpret_cast<std::uintptr_t>(v.data) % 16 == 0 && d % 8 == 0;
  for (int axis = 0; axis + 1 < v.rank; ++axis) aligned = aligned && v.stride[axis] % 8 == 0;
  return {v.as<std::uint16_t>(), token > 0 ? v.stride[0] : 0, v.stride[token], v.stride[token + 1], aligned};
}

attention_params attention_params_of(const attention_problem& problem) {
  attention_params p = {};
  p.units = units_of(effective_scale(problem));
  p.b = problem.b;
  for (const std::int64_t context : problem.context_lens)
    if (context + problem.block_size > p.new_rows) p.new_rows = context + problem.block_size;
  p.block_size = static_cast<int>(problem.block_size);
  p.hk = static_cast<int>(problem.hk), p.group = static_cast<int>(problem.hq / problem.hk);
  p.d = static_cast<int>(problem.d);
  p.row_tiles = static_cast<int>(blocks_for(problem.block_size * p.group, rows_of_block));
  return p;
}

void launch_attend(dtype type, const attention_params& p, launcher& on) {
  const grid_size grid = {p.b * p.hk * p.row_tiles, 1, 1};
  if (grid.x == 0) return;
  if (type == dtype::bf16)
    launch<&attend_kernel<dtype::bf16>>(on, "attend", grid, threads, attend_memory::bytes, p);
  else
    launch<&attend_kernel<dtype::f16>>(on, "attend", grid, threads, attend_memory::bytes, p);
}

std::string width_domain(std::int64_t d) { return d > head_width ? "d above 128 exceeds a tile" : ""; }

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
