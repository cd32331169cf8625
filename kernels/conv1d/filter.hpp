// The filter of a few channels: what every kernel of conv1d does with 16 bytes of each token.
//
// A thread owns a piece of channels (8 of 16 bits, 4 of f32).  A piece moves at once where its channels are
// contiguous, whole and on 16 bytes, else element by element: the same values either way, so layout, gaps and
// odd widths change no bit.  Codes stay codes until they are multiplied, so what is copied keeps its bits.
// Sums are fp32: one fused multiply-add a tap from the bias on, oldest tap first; silu in fp32 with the exp2
// of kernels/core; one rounding at the end.
#pragma once

#include <type_traits>

#include "kernels/core/numeric.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/conv1d_problem.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {

using namespace kernels;

inline constexpr int most_taps = 4;
inline constexpr int tile_channels = 256;  // of one block of threads

template <dtype Type>
inline constexpr int piece = 16 / static_cast<int>(sizeof(stored<Type>));
template <dtype Type>
inline constexpr int tile_threads = tile_channels / piece<Type>;

/// Where channels of tokens, or of columns of a state, lie; strides in elements.
struct channel_rows {
  void* data = nullptr;
  std::int64_t outer = 0, channel = 1, step = 0;
};
/// (outer, dim, steps), or (dim, steps).
inline channel_rows channels_of(const tensor_view& v) {
  if (v.rank == 2) return {v.data, 0, v.stride[0], v.stride[1]};
  return {v.data, v.stride[0], v.stride[1], v.stride[2]};
}
/// (steps, dim).
inline channel_rows tokens_of(const tensor_view& v) { return {v.data, 0, v.stride[1], v.stride[0]}; }

/// What a thread holds of one token: codes of its channels.
template <dtype Type>
struct codes {
  stored<Type> of[piece<Type>];
};

/// The channels of one thread: `first` on, `count` of them exist (none or fewer at the end).
struct channel_range {
  std::int64_t first;
  int count;
};
template <dtype Type>
__device__ __forceinline__ channel_range range_of(std::int64_t tile, std::int64_t dim) {
  const std::int64_t first = tile * tile_channels + static_cast<std::int64_t>(threadIdx.x) * piece<Type>;
  const std::int64_t left = dim - first;
  return {first, left < 0 ? 0 : left < piece<Type> ? static_cast<int>(left) : piece<Type>};
}

template <dtype Type>
__device__ __forceinline__ stored<Type>* place_of(const channel_rows& rows, std::int64_t outer,
                                                  std::int64_t channel, std::int64_t step) {
  return static_cast<stored<Type>*>(rows.data) + outer * rows.outer + channel * rows.channel +
         step * rows.step;
}

template <dtype Type>
__device__ __forceinline__ codes<Type> read(const channel_rows& rows, std::int64_t outer, std::int64_t step,
                                            const channel_range& mine) {
  const stored<Type>* const from = place_of<Type>(rows, outer, mine.first, step);
  codes<Type> held = {};
  if (rows.channel == 1 && mine.count == piece<Type> && aligned16(from)) {
    const vec16 v = load16(from);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece<Type>; ++i)
      if constexpr (Type == dtype::f32)
        held.of[i] = float_of(v.w[i]);
      else
        held.of[i] = static_cast<std::uint16_t>(v.w[i / 2] >> (i % 2 * 16));
    return held;
  }
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece<Type>; ++i)
    if (i < mine.count) held.of[i] = from[i * rows.channel];
  return held;
}

template <dtype Type>
__device__ __forceinline__ void write(const channel_rows& rows, std::int64_t outer, std::int64_t step,
                                      const channel_range& mine, const codes<Type>& held) {
  stored<Type>* const to = place_of<Type>(rows, outer, mine.first, step);
  if (rows.channel == 1 && mine.count == piece<Type> && aligned16(to)) {
    vec16 v = {};
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece<Type>; ++i)
      if constexpr (Type == dtype::f32)
        v.w[i] = bits_of(held.of[i]);
      else
        v.w[i / 2] |= static_cast<std::uint32_t>(held.of[i]) << (i % 2 * 16);
    store16(to, v);
    return;
  }
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece<Type>; ++i)
    if (i < mine.count) to[i * rows.channel] = held.of[i];
}

/// Weight and bias of a call.
struct filter_params {
  const void* weight = nullptr;
  const void* bias = nullptr;  // null: none
  int width = most_taps;
  bool silu = true;
};
inline filter_params filter_of(const filter_shape& p, const kernel_arguments& args) {
  return {args.in("weight").data, args.in("bias").data, static_cast<int>(p.width), p.act == activation::silu};
}

/// Weight and bias of a thread's channels.  Taps are aligned to the newest: of a shorter filter the first are
/// not used.
template <dtype Type>
struct taps {
  float weight[most_taps][piece<Type>];
  float bias[piece<Type>];
  int skipped;
  bool silu;
};

template <dtype Type>
__device__ __forceinline__ taps<Type> taps_of(const filter_params& p, const channel_range& mine) {
  taps<Type> all = {};
  all.skipped = most_taps - p.width;
  all.silu = p.silu;
  const auto* const weight = static_cast<const stored<Type>*>(p.weight);
  const auto* const bias = static_cast<const stored<Type>*>(p.bias);
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece<Type>; ++i) {
    if (i >= mine.count) continue;
    PLUMBLINE_UNROLL
    for (int w = 0; w < most_taps; ++w)
      if (w >= all.skipped)
        all.weight[w][i] = load_as<Type>(weight[(mine.first + i) * p.width + w - all.skipped]);
    all.bias[i] = bias == nullptr ? 0.0f : load_as<Type>(bias[mine.first + i]);
  }
  return all;
}

/// x / (1 + exp(-x)).
__device__ __forceinline__ float silu(float x) {
  constexpr float minus_log2_e = -0x1.715476p+0f;
  return x / (1.0f + exp2_soft(x * minus_log2_e));
}

/// Result of one token from the last four, the newest last; those before the filter's width are not looked
/// at.
template <dtype Type>
__device__ __forceinline__ codes<Type> filtered(const taps<Type>& how, const codes<Type> window[most_taps]) {
  codes<Type> out;
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece<Type>; ++i) {
    float sum = how.bias[i];
    PLUMBLINE_UNROLL
    for (int w = 0; w < most_taps; ++w)
      if (w >= how.skipped) sum = fused(how.weight[w][i], load_as<Type>(window[w].of[i]), sum);
    out.of[i] = store_as<Type>(how.silu ? silu(sum) : sum);
  }
  return out;
}

template <dtype Type>
__device__ __forceinline__ void shift(codes<Type> window[most_taps], const codes<Type>& newest) {
  PLUMBLINE_UNROLL
  for (int w = 0; w + 1 < most_taps; ++w) window[w] = window[w + 1];
  window[most_taps - 1] = newest;
}

inline constexpr contract contracts[] = {product("f32/fma", dtype::f32, accumulation::f32, dtype::f32),
                                         product("f16/fma", dtype::f16, accumulation::f32, dtype::f16),
                                         product("bf16/fma", dtype::bf16, accumulation::f32, dtype::bf16)};

/// What every kernel here claims: a channel of a sequence depends on no other.
inline constexpr claim each_channel_alone =
    claim::same_bits_run_to_run | claim::same_bits_any_batch_position | claim::same_bits_any_schedule;

/// `run(type)` with the type as a constant.
template <class Run>
void with_type(dtype type, Run run) {
  if (type == dtype::f32)
    run(std::integral_constant<dtype, dtype::f32>());
  else if (type == dtype::f16)
    run(std::integral_constant<dtype, dtype::f16>());
  else
    run(std::integral_constant<dtype, dtype::bf16>());
}

/// The data of an input of integers; null where it was not given.
inline const std::int32_t* integers(const kernel_arguments& args, const char* name) {
  const tensor_view v = args.in(name);
  return v ? v.as<std::int32_t>() : nullptr;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
