// Eight elements of a row at once: 16 bytes of 16-bit codes, 32 of floats.
//
// A piece moves in 16-byte accesses where it lies so and is whole, else element by element.  Either way the
// same elements meet the same sums, so a gap behind rows and an odd width change no bit.
#pragma once

#include "kernels/core/convert.hpp"
#include "kernels/core/memory.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int piece_size = 8;

/// Elements [first, first + 8) of a row, of which `count` exist; zeros behind them.  `wide`: the row lies on
/// 16 bytes and `first` is a multiple of 8.
template <dtype Type>
__device__ __forceinline__ void read_piece(const stored<Type>* row, std::int64_t first, std::int64_t count,
                                           bool wide, float out[piece_size]) {
  if (!wide || count < piece_size) {
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) out[i] = i < count ? load_as<Type>(row[first + i]) : 0.0f;
    return;
  }
  if constexpr (Type == dtype::f32) {
    PLUMBLINE_UNROLL
    for (int half = 0; half < piece_size; half += 4) {
      const vec16 four = load16(row + first + half);
      PLUMBLINE_UNROLL
      for (int i = 0; i < 4; ++i) out[half + i] = float_of(four.w[i]);
    }
  } else {
    const vec16 eight = load16(row + first);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size / 2; ++i) {
      const float_pair two = unpack2<Type>(eight.w[i]);
      out[2 * i] = two.low, out[2 * i + 1] = two.high;
    }
  }
}

/// Rounds and stores a piece of 16-bit codes, of which `count` exist.
template <dtype Type>
__device__ __forceinline__ void write_piece(std::uint16_t* row, std::int64_t first, std::int64_t count,
                                            bool wide, const float x[piece_size]) {
  if (wide && count >= piece_size) {
    vec16 v;
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size / 2; ++i) v.w[i] = pack2<Type>(x[2 * i], x[2 * i + 1]);
    store16(row + first, v);
    return;
  }
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece_size; ++i)
    if (i < count) row[first + i] = store_as<Type>(x[i]);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
