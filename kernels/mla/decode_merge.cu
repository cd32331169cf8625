// decode_merge: out = sum of w_s O_s with w_s = 2^(lse_s - m) / sum, a warp a row, splits in their order.
//
// A split that saw no key has lse -inf and is skipped, never multiplied by 0: it may not have written its O.
// An attention sink joins the weights here, once, and not the lse.
#include "kernels/mla/decode_merge.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int warps = 4, lane_columns = value_width / 32;

template <dtype Type>
__global__ void __launch_bounds__(32 * warps) decode_merge_kernel(const latent_params p) {
  using namespace kernels;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (row >= p.b * p.sq * p.hq) return;
  const std::int64_t head = row % p.hq, token = row / p.hq % p.sq, n = row / p.hq / p.sq;
  const std::int64_t first = p.num_splits[n], splits = p.num_splits[n + 1] - first;
  if (splits == 1) return;

  const std::int64_t stride = static_cast<std::int64_t>(p.sq) * p.hq, in_split = token * p.hq + head;
  const float* lse = p.partial_lse + first * stride + in_split;
  const float* partial = p.partial + (first * stride + in_split) * p.dv;
  float highest = -infinity, sum = 0;
  for (std::int64_t s = 0; s < splits; ++s) highest = lse[s * stride] > highest ? lse[s * stride] : highest;
  const float shift = shift_of(highest);
  for (std::int64_t s = 0; s < splits; ++s) sum += exp2_soft(lse[s * stride] - shift);
  const float natural = fused(log2_soft(sum), ln_2, highest * ln_2);
  const float result = sum > 0 && natural < infinity && natural > -infinity ? natural : infinity;
  const float share = p.sink && sum > 0 ? share_beside(p.sink[head], result) : 1.0f;

  float column[lane_columns] = {};
  for (std::int64_t s = 0; s < splits; ++s) {
    const float weight = exp2_soft(lse[s * stride] - shift) / sum;
    if (lse[s * stride] == -infinity) continue;
    PLUMBLINE_UNROLL
    for (int j = 0; j < lane_columns; ++j)
      if (lane + 32 * j < p.dv)
        column[j] = fused(weight, partial[s * stride * p.dv + lane + 32 * j], column[j]);
  }
  auto* out = static_cast<std::uint16_t*>(p.out.data) + p.out.offset(n, token, head);
  PLUMBLINE_UNROLL
  for (int j = 0; j < lane_columns; ++j)
    if (lane + 32 * j < p.dv) out[lane + 32 * j] = store_as<Type>(column[j] * share);
  if (lane == 0) p.lse[n * p.lse_batch + head * p.lse_head + token * p.lse_token] = result;
}

}  // namespace

template <dtype Type>
void launch_decode_merge(const latent_params& p, launcher& on) {
  const std::int64_t rows = p.b * p.sq * p.hq;
  kernels::launch<&decode_merge_kernel<Type>>(on, "decode_merge", {blocks_for(rows, warps), 1, 1}, 32 * warps,
                                              0, p);
}

template void launch_decode_merge<dtype::bf16>(const latent_params&, launcher&);
template void launch_decode_merge<dtype::f16>(const latent_params&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
