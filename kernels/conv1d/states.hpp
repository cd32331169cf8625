// A linear state moves on: its columns go left by the new tokens, which are appended.
#pragma once

#include "kernels/conv1d/filter.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {

/// The state of a slot becomes the last `columns` of its columns and `count` tokens, `token(t)` each.  A
/// thread moves its own channels from the first column on, so every column is read before it is overwritten.
template <dtype Type, class Token>
__device__ __forceinline__ void roll(const channel_rows& states, std::int64_t slot, std::int64_t columns,
                                     std::int64_t count, const channel_range& mine, Token token) {
  for (std::int64_t e = 0; e < columns; ++e) {
    const std::int64_t source = e + count;
    write<Type>(states, slot, e, mine,
                source < columns ? read<Type>(states, slot, source, mine) : token(source - columns));
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
