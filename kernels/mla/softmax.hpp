// From raw products to weights and log-sum-exps, FlashMLA's signs.
//
// A score stays the raw product that the tensor core delivers; the running maximum is taken there and a
// weight is exp2((z - max) * to_log2): the subtraction comes first, so the rounding error grows with the
// distance from the maximum and the largest weight is exactly 1.  A row whose maximum is still -inf subtracts
// 0, so that -inf minus -inf never happens.
//
// A result's lse is natural, and +inf where no key was seen and where the sum is no number.  A partial's is
// in base 2 and -inf where no key was seen; a NaN stays one, or the merge would hide it.
#pragma once

#include <limits>

#include "kernels/core/numeric.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr float log2_e = 1.44269504f;
inline constexpr float ln_2 = 0.693147181f;
inline constexpr float infinity = std::numeric_limits<float>::infinity();

/// Units of the raw products of one call.
struct score_units {
  float to_natural = 1;  // softmax_scale
  float to_log2 = 1;     // above 0, so that a masked score stays masked

  __device__ float weight(float z, float shift) const { return kernels::exp2_soft((z - shift) * to_log2); }
  /// Of a partial: log2 of the sum of exponentials, from its maximum and the sum of weights.
  __device__ float log2_sum(float maximum, float sum) const {
    return sum == 0 ? -infinity : kernels::fused(maximum, to_log2, kernels::log2_soft(sum));
  }
  /// Of a result: the natural logarithm, or +inf.
  __device__ float log_sum(float maximum, float sum) const {
    const float lse = kernels::fused(kernels::log2_soft(sum), ln_2, maximum * to_natural);
    return sum > 0 && lse < infinity && lse > -infinity ? lse : infinity;
  }
};

inline score_units units_of(double softmax_scale) {
  const float natural = static_cast<float>(softmax_scale);
  const float log2 = natural * log2_e, least = std::numeric_limits<float>::min();
  return {natural, log2 > least ? log2 : least};
}

/// What a row subtracts before the exponential.
__device__ inline float shift_of(float maximum) { return maximum == -infinity ? 0.0f : maximum; }

/// Share of the keys' weight beside an attention sink; both in natural units.
__device__ inline float share_beside(float sink, float lse) {
  return 1.0f / (1.0f + kernels::exp2_soft((sink - lse) * log2_e));
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
