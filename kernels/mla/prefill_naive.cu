// prefill, variant `naive`: materialised K and V of one head at a time, keys in tiles, a running maximum.
//
// A block takes 64 packed query rows of one KV head, sixteen a warp.  K and V come in tiles of 64 keys
// through two buffers each; while a tile is multiplied the next one is on its way, and scores start before V
// has arrived.  Two barriers a tile: all of K is there and everybody left the tile before, then the same for
// V.
#include "kernels/mla/prefill_rows.hpp"

#include "kernels/mla/attention_promises.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int rows_of_block = 64, keys_of_tile = 64, threads = 128;

struct naive_memory {  // elements from the start of shared memory
  static constexpr int k_stage = keys_of_tile * head_width, v_stage = keys_of_tile * head_value_width;
  static constexpr int q = 0, k = rows_of_block * head_width, v = k + 2 * k_stage;
  static constexpr int bytes = 2 * (v + 2 * v_stage);
};

template <dtype Type>
__global__ void __launch_bounds__(threads) naive_kernel(const prefill_params p) {
  unsigned at = blockIdx.x;
  const int first_row = static_cast<int>(at % static_cast<unsigned>(p.row_tiles)) * rows_of_block;
  at /= static_cast<unsigned>(p.row_tiles);
  const int hk = static_cast<int>(at % static_cast<unsigned>(p.hk)),
            n = static_cast<int>(at / static_cast<unsigned>(p.hk));
  const int left = p.sq * p.group - first_row, rows = left < rows_of_block ? left : rows_of_block;
  const int keys = p.cache_seqlens[n], seen = end_of_row(p, keys, first_row + rows - 1);
  const int tiles = (seen + keys_of_tile - 1) / keys_of_tile;

  auto* const shared = kernels::shared_memory<std::uint16_t>();
  const auto start_k = [&](int t) {
    if (t < tiles)
      start_rows<threads, head_width>(shared + naive_memory::k + t % 2 * naive_memory::k_stage, p.k, n, hk,
                                      t * keys_of_tile, seen - t * keys_of_tile, keys_of_tile, p.d);
    kernels::copy_async_commit();
  };
  const auto start_v = [&](int t) {
    if (t < tiles)
      start_rows<threads, head_value_width>(shared + naive_memory::v + t % 2 * naive_memory::v_stage, p.v, n,
                                            hk, t * keys_of_tile, seen - t * keys_of_tile, keys_of_tile,
                                            p.dv);
    kernels::copy_async_commit();
  };
  load_head_queries<threads>(shared + naive_memory::q, p, n, hk, first_row, rows_of_block, rows);
  start_k(0);
  start_v(0);

  const int lane = static_cast<int>(threadIdx.x) % 32, own = 16 * (static_cast<int>(threadIdx.x) / 32);
  int end[2];
  for (int r = 0; r < 2; ++r) {
    const int row = own + 8 * r + lane / 4;
    end[r] = end_of_row(p, keys, first_row + (row < rows ? row : rows - 1));
  }
  const int by_all = p.causal && own < rows ? end_of_row(p, keys, first_row + own) : tiles * keys_of_tile;
  head_rows sums;
  for (int t = 0; t < tiles; ++t) {
    kernels::copy_async_wait<1>();
    __syncthreads();
    start_k(t + 1);
    float s[keys_of_tile / 8][4] = {};
    if (own < rows) {
      multiply_scores<Type, head_width>(s, shared + naive_memory::q, own,
                                        shared + naive_memory::k + t % 2 * naive_memory::k_stage, 0,
                                        keys_of_tile, (p.d + 15) / 16);
      weigh_rows(s, sums, p, end, t * keys_of_tile, n, hk, first_row + own, rows - own);
    }
    kernels::copy_async_wait<1>();
    __syncthreads();
    start_v(t + 1);
    if (own < rows) {
      const int first_key = t * keys_of_tile, end_in_tile[2] = {end[0] - first_key, end[1] - first_key};
      multiply_weights<Type>(sums, s, shared + naive_memory::v + t % 2 * naive_memory::v_stage, keys_of_tile,
                             p.dv, by_all - first_key, end_in_tile);
    }
  }
  kernels::copy_async_wait<0>();
  if (own < rows) store_head_rows<Type>(p, sums, n, hk, first_row + own, rows - own < 16 ? rows - own : 16);
}

void run(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  prefill_params p = prefill_params_of(problem, args);
  p.row_tiles = static_cast<int>(blocks_for(problem.sq * p.group, rows_of_block));
  const grid_size grid = {problem.b * p.hk * p.row_tiles, 1, 1};
  if (grid.x == 0) return;
  if (problem.type == dtype::bf16)
    kernels::launch<&naive_kernel<dtype::bf16>>(on, "naive", grid, threads, naive_memory::bytes, p);
  else
    kernels::launch<&naive_kernel<dtype::f16>>(on, "naive", grid, threads, naive_memory::bytes, p);
}

}  // namespace

variant<prefill_problem> naive() { return {"naive", latent_contracts, every_run_alike, head_domain, run}; }

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
