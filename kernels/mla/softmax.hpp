// Log-sum-exps with FlashMLA's signs, beside the weights of core/softmax.hpp.
//
// A result's lse is natural, and +inf where no key was seen and where the sum is no number.  A partial's is
// in base 2 and -inf where no key was seen; a NaN stays one, or the merge would hide it.
#pragma once

#include "kernels/core/softmax.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

using kernels::infinity;
using kernels::ln_2;
using kernels::log2_e;
using kernels::shift_of;

/// Units of the raw products of one call.
struct score_units : kernels::score_units {
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

inline score_units units_of(double softmax_scale) { return {kernels::units_of(softmax_scale)}; }

/// Share of the keys' weight beside an attention sink; both in natural units.
__device__ inline float share_beside(float sink, float lse) {
  return 1.0f / (1.0f + kernels::exp2_soft((sink - lse) * log2_e));
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
