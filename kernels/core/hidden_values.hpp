// Values that are no finite number, beside keys that some rows of a warp must not see.
//
// The weight of a hidden key is 0, but a tensor core multiplies all rows of a warp by all keys of a tile, and
// 0 * NaN and 0 * infinity are NaN: a row would be told of a key behind its mask.  So where the keys of an
// operand are not seen by all rows, what is no finite number is cleared before the product and added
// afterwards, by the lanes whose rows do see it; the sums of all others keep their bits, for 0 * x is 0.
// Added as it is, not times its weight: whatever was positive makes the same of an infinity.
//
// Cost where keys are hidden: a dozen instructions and a vote for sixteen keys and columns.  Elsewhere a
// comparison of two numbers that all lanes share.
#pragma once

#include "kernels/core/convert.hpp"
#include "kernels/core/launch.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// Two neighbours of 16 bits.
__device__ __forceinline__ std::uint32_t pair_at(const std::uint16_t* at) {
  return *reinterpret_cast<const std::uint32_t*>(at);
}

/// Bit 15 of each half: whether it is NaN or infinite.
template <dtype Type>
__device__ __forceinline__ std::uint32_t not_finite2(std::uint32_t pair) {
  static_assert(Type == dtype::bf16 || Type == dtype::f16, "operands of 16 bits");
  constexpr std::uint32_t exponent = Type == dtype::bf16 ? 0x7f807f80u : 0x7c007c00u;
  constexpr std::uint32_t lowest = Type == dtype::bf16 ? 0x00800080u : 0x04000400u;
  return ((pair & exponent) + lowest) & 0x80008000u;  // carries out of a full exponent alone
}

/// Zeros for what is no finite number of an operand; whether some lane of the warp had such a number.
template <dtype Type>
__device__ __forceinline__ bool clear_not_finite(std::uint32_t (&operand)[4]) {
  constexpr unsigned all_lanes = 0xffffffffu;
  std::uint32_t found = 0;
  PLUMBLINE_UNROLL
  for (int j = 0; j < 4; ++j) found |= not_finite2<Type>(operand[j]);
  if (!__any_sync(all_lanes, found != 0)) return false;
  PLUMBLINE_UNROLL
  for (int j = 0; j < 4; ++j) operand[j] &= ~((not_finite2<Type>(operand[j]) >> 15) * 0xffffu);
  return true;
}

/// Adds the NaNs and infinities of `keys` keys to the sums of a lane's two rows that see them.
/// `pair_of(key, c)` gives this lane's values 8 c + 2 (lane % 4) and the next of a key, `sees(r, key)` says
/// whether row r of the two sees it.
template <dtype Type, int Chunks, class PairOf, class Sees>
__device__ __forceinline__ void add_not_finite(float (&out)[Chunks][4], int keys, int columns, PairOf pair_of,
                                               Sees sees) {
  for (int key = 0; key < keys; ++key) PLUMBLINE_UNROLL
  for (int c = 0; c < Chunks; ++c) {
    if (8 * c >= columns) break;
    const std::uint32_t pair = pair_of(key, c), found = not_finite2<Type>(pair);
    if (found == 0) continue;
    PLUMBLINE_UNROLL
    for (int e = 0; e < 4; ++e)
      if ((found >> (16 * (e % 2)) & 0x8000u) != 0 && sees(e / 2, key))
        out[c][e] += load_as<Type>(static_cast<std::uint16_t>(pair >> (16 * (e % 2))));
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
