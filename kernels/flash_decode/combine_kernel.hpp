// Merging the partial results of split keys: out = sum of w_s / L * O_s over splits with a key.
//
// One warp a row.  Each lane weighs every 32nd split against the largest partial log-sum-exp; the weights are
// normalised before they meet the partials, and every eighth partial joins the same chain of sums, the eight
// chains added pair by pair: one rounding order whatever the schedule, and an error that 256 splits do not
// raise.  A partial whose log-sum-exp is -inf was never written: it is skipped, not multiplied by 0, for it
// may hold NaN.  Sums start at -0, so that one split alone is copied bit for bit.
#pragma once

#include "kernels/flash_decode/combine.hpp"
#include "kernels/flash_decode/softmax.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int most_splits = 256;
inline constexpr int combine_warps = 4;
inline constexpr int chains = 8;  // partial sums a column; divides most_splits

template <dtype Out>
__global__ void __launch_bounds__(32 * combine_warps) combine_kernel(const combine_params p) {
  using namespace kernels;
  constexpr unsigned all_lanes = 0xffffffffu;
  constexpr int most = most_splits / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * combine_warps + warp;
  if (row >= p.b * p.tokens * p.heads) return;
  const std::int64_t h = row % p.heads, i = row / p.heads % p.tokens, n = row / p.heads / p.tokens;

  const float* lse = p.partial_lse + n * p.lse_batch + i * p.lse_token + h * p.lse_head;
  float part[most], highest = minus_infinity;
  for (int j = 0; j < most; ++j) {
    const std::int64_t s = lane + 32 * j;
    part[j] = s < p.splits ? lse[s * p.lse_split] : minus_infinity;
    highest = part[j] > highest ? part[j] : highest;
  }
  for (int bit = 16; bit > 0; bit /= 2) {
    const float other = __shfl_xor_sync(all_lanes, highest, bit);
    highest = other > highest ? other : highest;
  }
  const float shift = shift_of(highest);
  constexpr float absent = -0.0f;  // a weight of +0 has vanished: its part may still hold a NaN
  float sum = 0;
  for (int j = 0; j < most; ++j) {
    part[j] = part[j] == minus_infinity ? absent : exp2_soft((part[j] - shift) * log2_e);
    sum += part[j];
  }
  for (int bit = 16; bit > 0; bit /= 2) sum += __shfl_xor_sync(all_lanes, sum, bit);
  float* weight = shared_memory<float>() + warp * most_splits;
  for (int j = 0; j < most; ++j) weight[lane + 32 * j] = part[j] == 0 ? part[j] : part[j] / sum;
  __syncwarp(all_lanes);

  const float* from = p.partial + n * p.partial_batch + i * p.partial_token + h * p.partial_head;
  auto* to = static_cast<stored<Out>*>(p.out) + n * p.out_batch + i * p.out_token + h * p.out_head;
  for (std::int64_t c = lane; c < p.dv; c += 32) {
    float column[chains];
    PLUMBLINE_UNROLL
    for (int e = 0; e < chains; ++e) column[e] = -0.0f;
    for (int s = 0; s < p.splits; s += chains) PLUMBLINE_UNROLL
    for (int e = 0; e < chains; ++e)
      if (bits_of(weight[s + e]) != bits_of(absent))
        column[e] = fused(weight[s + e], from[(s + e) * p.partial_split + c], column[e]);
    PLUMBLINE_UNROLL
    for (int step = chains / 2; step > 0; step /= 2) PLUMBLINE_UNROLL
    for (int e = 0; e < step; ++e) column[e] += column[e + step];
    to[c] = store_as<Out>(sum == 0 ? 0.0f : column[0]);
  }
  if (lane == 0)
    p.lse[n * p.to_batch + i * p.to_token + h * p.to_head] =
        sum == 0 ? minus_infinity : fused(log2_soft(sum), ln_2, highest);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
