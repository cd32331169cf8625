// New rows of K and V go behind those in use: a warp copies one row of each.
#include "kernels/core/rows.hpp"
#include "kernels/dflash/attention.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4, element_bytes = 2;

__global__ void __launch_bounds__(32 * warps) append_kernel(const attention_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + static_cast<int>(threadIdx.x) / 32;
  const std::int64_t head = row % p.hk, t = row / p.hk % p.new_rows, n = row / p.hk / p.new_rows;
  if (n >= p.b) return;
  const std::int64_t first = p.cu_seqlens_k_new[n];
  if (t >= p.cu_seqlens_k_new[n + 1] - first) return;
  const std::int64_t cache_row = p.cache_batch_idx != nullptr ? p.cache_batch_idx[n] : n;
  const std::int64_t slot = p.cache_seqlens[n] + t;
  const auto copy = [&](const head_rows& from, const head_rows& to) {
    copy_row(reinterpret_cast<unsigned char*>(to.at(cache_row, slot, head)),
             reinterpret_cast<const unsigned char*>(from.at(0, first + t, head)),
             static_cast<std::int64_t>(p.d) * element_bytes, element_bytes, lane);
  };
  copy(p.k, p.k_cache);
  copy(p.v, p.v_cache);
}

}  // namespace

void launch_append(const attention_params& p, launcher& on) {
  const std::int64_t rows = p.b * p.new_rows * p.hk;
  if (rows == 0) return;
  launch<&append_kernel>(on, "append", {blocks_for(rows, warps), 1, 1}, 32 * warps, 0, p);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
