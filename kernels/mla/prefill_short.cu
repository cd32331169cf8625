// prefill, variant `short`: sequences of at most 256 keys, without a mask.
//
// A block takes one head of one sequence and loads all its K and V once.  A warp then has the scores of
// sixteen queries against all keys in its registers, so the softmax is one pass in fp32: the maximum is final
// before the first weight is taken, nothing is rescaled, and after the load no warp waits for another.
#include "kernels/mla/prefill_rows.hpp"

#include <algorithm>

#include "kernels/mla/attention_promises.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int most_keys = 256, threads = 256, warps = threads / 32;

struct short_memory {                                   // elements from the start of shared memory
  static constexpr int q = 0, own_q = 16 * head_width;  // a warp
  static constexpr int k = warps * own_q, v = k + most_keys * head_width;
  static constexpr int bytes = 2 * (v + most_keys * head_value_width);
};

template <dtype Type>
__global__ void __launch_bounds__(threads) short_kernel(const prefill_params p) {
  const int heads = p.hk * p.group;
  const int head = static_cast<int>(blockIdx.x % static_cast<unsigned>(heads)),
            n = static_cast<int>(blockIdx.x / static_cast<unsigned>(heads));
  const int keys = p.cache_seqlens[n], padded = (keys + 31) / 32 * 32;
  auto* const shared = kernels::shared_memory<std::uint16_t>();
  start_rows<threads, head_width>(shared + short_memory::k, p.k, n, head / p.group, 0, keys, padded, p.d);
  start_rows<threads, head_value_width>(shared + short_memory::v, p.v, n, head / p.group, 0, keys, padded,
                                        p.dv);
  kernels::copy_async_commit();
  kernels::copy_async_wait<0>();
  __syncthreads();

  constexpr unsigned all_lanes = 0xffffffffu;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  auto* const q = shared + short_memory::q + warp * short_memory::own_q;
  prefill_params alone = p;  // this head as if it had its KV head for itself
  alone.hk = heads;
  alone.group = 1;
  const int end[2] = {keys, keys};
  for (int first_row = 16 * warp; first_row < p.sq; first_row += 16 * warps) {
    const int rows = p.sq - first_row < 16 ? p.sq - first_row : 16;
    __syncwarp(all_lanes);
    load_head_queries<32>(q, alone, n, head, first_row, 16, rows);
    __syncwarp(all_lanes);
    float s[most_keys / 8][4] = {};
    head_rows sums;
    multiply_scores<Type, head_width>(s, q, 0, shared + short_memory::k, 0, keys, (p.d + 15) / 16);
    weigh_rows(s, sums, alone, end, 0, n, head, first_row, rows);
    multiply_weights<Type>(sums, s, shared + short_memory::v, keys, p.dv, most_keys, end);
    store_head_rows<Type>(alone, sums, n, head, first_row, rows);
  }
}

std::string domain(const prefill_problem& p) {
  if (p.causal) return "a causal mask is not supported";
  for (const std::int64_t length : p.cache_seqlens)
    if (length > most_keys) return "more than 256 keys exceed the registers";
  return head_domain(p);
}

void run(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  const prefill_params p = prefill_params_of(problem, args);
  const grid_size grid = {problem.b * problem.hq, 1, 1};
  if (grid.x == 0 || problem.sq == 0) return;
  if (problem.type == dtype::bf16)
    kernels::launch<&short_kernel<dtype::bf16>>(on, "short", grid, threads, short_memory::bytes, p);
  else
    kernels::launch<&short_kernel<dtype::f16>>(on, "short", grid, threads, short_memory::bytes, p);
}

}  // namespace

variant<prefill_problem> short_sequences() {
  return {"short", latent_contracts, every_run_alike, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
