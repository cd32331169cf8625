// Where the rows of one call lie: query tokens by heads, and what may be assumed of their addresses.
#pragma once

#include <cstdint>

#include "kernels/core/attention_tiles.hpp"
#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of a tensor (b, tokens, heads, width), or (tokens, heads, width).  Strides in elements.
struct token_rows {
  void* data = nullptr;
  std::int64_t batch = 0, token = 0, head = 0;
  bool aligned = false;  // every row starts and ends at a multiple of 16 bytes

  __device__ std::int64_t offset(std::int64_t n, std::int64_t i, std::int64_t h) const {
    return n * batch + i * token + h * head;
  }
};

/// Rows of `width` elements, the last axis of `v`: whether all of them are whole 16-byte chunks.
inline bool rows_are_aligned(const tensor_view& v, std::int64_t width) {
  const std::int64_t unit = 16 / static_cast<std::int64_t>(size_of(v.type));
  bool aligned = reinterpret_cast<std::uintptr_t>(v.data) % 16 == 0 && width % unit == 0;
  for (int axis = 0; axis + 1 < v.rank; ++axis) aligned = aligned && v.stride[axis] % unit == 0;
  return aligned;
}

inline token_rows token_rows_of(const tensor_view& v, std::int64_t width) {
  const int token = v.rank - 3;
  return {v.data, token > 0 ? v.stride[0] : 0, v.stride[token], v.stride[token + 1],
          rows_are_aligned(v, width)};
}

/// The data of an input of integers; null where it was not given.
inline const std::int32_t* integers(const kernel_arguments& args, const char* name) {
  const tensor_view v = args.in(name);
  return v ? v.as<std::int32_t>() : nullptr;
}

__host__ __device__ constexpr std::int64_t blocks_for(std::int64_t count, std::int64_t each) {
  return (count + each - 1) / each;
}

using kernels::gather16;

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
