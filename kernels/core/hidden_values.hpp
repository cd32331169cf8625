// Values that are no finite number, beside keys that some rows must not see.
//
// The weight of a hidden key is 0, but a tensor core multiplies all rows of a warp by all keys of a tile, and
// 0 * NaN and 0 * infinity are NaN: a row would be told of a key behind its mask.  So where keys of a tile
// are not seen by all rows, what is no finite number is cleared before the product and added afterwards to
// the rows that do see it; the sums of all others keep their bits, for 0 * x is 0.  Added as it is, not times
// its weight: whatever was positive makes the same of an infinity, at any time before the division.
//
// A kernel with registers to spare clears its operands (mla's `naive`): a dozen instructions and a vote for
// sixteen keys and columns.  flash_decode's `split` has none: it clears chunks in shared memory before a warp
// multiplies them, and when it stores a row asks memory again for what the row has seen.
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

/// Zeros for what is no finite number of four pairs; whether this lane had such a number.
template <dtype Type>
__device__ __forceinline__ bool clear_own_not_finite(std::uint32_t (&pairs)[4]) {
  std::uint32_t found = 0;
  PLUMBLINE_UNROLL
  for (int j = 0; j < 4; ++j) {
    const std::uint32_t bad = not_finite2<Type>(pairs[j]);
    pairs[j] &= ~((bad >> 15) * 0xffffu);
    found |= bad;
  }
  return found != 0;
}

/// The same of an operand of a warp; whether some lane had such a number.
template <dtype Type>
__device__ __forceinline__ bool clear_not_finite(std::uint32_t (&operand)[4]) {
  constexpr unsigned all_lanes = 0xffffffffu;
  return __any_sync(all_lanes, clear_own_not_finite<Type>(operand)) != 0;
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
