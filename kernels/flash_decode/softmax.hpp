// From raw products to softmax weights: scale, soft cap, descales, and the shifted exponential.
//
// A score stays in the units in which the tensor core delivers it: the raw product, or with a soft cap
// tanh(raw * scale / cap).  Both grow with the true score, so the running maximum is taken there, and a
// weight is exp2((z - max) * to_log2).  Subtracting first makes the rounding error proportional to the
// distance from the maximum, not to the score, and the largest key's weight exactly 1.  A row whose maximum
// is still -inf subtracts 0 instead, so that -inf minus -inf never happens.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/core/numeric.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr float log2_e = 1.44269504f;
inline constexpr float ln_2 = 0.693147181f;
inline constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

/// A (b, hk) tensor of factors; null: all 1.
struct descale {
  const float* data = nullptr;
  std::int64_t batch = 0, head = 0;
  __device__ float at(std::int64_t n, std::int64_t hk) const {
    return data ? data[n * batch + hk * head] : 1.0f;
  }
};

/// The options of one call that shape its scores.
struct score_options {
  float scale = 1, softcap = 0;
  descale q, k, v;
};

/// Score units of one (sequence, KV head).
struct score_units {
  bool capped;
  float to_tanh;     // raw product to the argument of tanh
  float to_natural;  // z to natural-log units
  float to_log2;     // z to log2 units; above 0, so that a masked score stays masked

  __device__ float z(float raw) const { return capped ? kernels::tanh_soft(raw * to_tanh) : raw; }
  __device__ float weight(float z, float shift) const { return kernels::exp2_soft((z - shift) * to_log2); }
  /// ln of the sum of exponentials, from its maximum and the sum of weights.
  __device__ float log_sum(float maximum, float sum) const {
    return sum == 0 ? minus_infinity : kernels::fused(kernels::log2_soft(sum), ln_2, maximum * to_natural);
  }
};

__device__ inline score_units units_of(const score_options& o, std::int64_t n, std::int64_t hk) {
  const float scale = o.scale * (o.q.at(n, hk) * o.k.at(n, hk));
  const bool capped = o.softcap > 0;
  const float natural = capped ? o.softcap : scale;
  const float least = 0x1p-126f;
  return {capped, capped ? scale / o.softcap : 0.0f, natural, kernels::maximum(natural * log2_e, least)};
}

/// What a row subtracts before the exponential.
__device__ inline float shift_of(float maximum) { return maximum == minus_infinity ? 0.0f : maximum; }

inline score_options score_options_of(const attend_problem& problem, const kernel_arguments& args) {
  const auto factors = [&](const char* name) -> descale {
    const tensor_view v = args.in(name);
    if (!v) return {};
    return {v.as<float>(), v.stride[0], v.stride[1]};
  };
  return {static_cast<float>(effective_scale(problem)), static_cast<float>(problem.softcap),
          factors("q_descale"), factors("k_descale"), factors("v_descale")};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
